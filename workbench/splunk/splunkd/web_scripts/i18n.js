// Translations as Splunk Web's pages expect them, all in English: every text stands for itself.
(function () {
    const plural = (one, many, count) => (count === 1 ? one : many);
    window.gettext = (text) => text;
    window.ngettext = plural;
    window._ = window._ || window.gettext;
    window.i18n = { gettext: window.gettext, ngettext: plural, locale_name: () => 'en_US', locale_uses_day_before_month: () => false };
})();
