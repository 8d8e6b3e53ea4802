// No catalogue: the pages are shown in English.
window.i18n_register = window.i18n_register || function () {};
window.__splunk_i18n_catalog__ = {};
