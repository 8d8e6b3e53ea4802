// A stand-in for Splunk Web's frame: a bar with the app's pages above an empty element for the page.
window.__splunk_layout__ = {
    create: function () {
        const app = (window.$C && window.$C.APP) || decodeURIComponent(location.pathname.split('/')[3] || '');
        const bar = document.createElement('header');
        bar.dataset.test = 'workbench-bar';
        bar.style.cssText = 'padding: 8px 16px; background: #171d21; color: #fff; font: 14px sans-serif';
        bar.textContent = app + ' (stand-in for Splunk Web)';
        const place = document.createElement('main');
        document.body.prepend(bar);
        document.body.append(place);
        return { getContainerElement: () => place };
    },
};
