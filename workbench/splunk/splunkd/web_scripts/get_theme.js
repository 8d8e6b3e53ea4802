// The light theme, unless the page's address asks for the dark one (?theme=dark).
window.__get_theme__ = {
    getTheme: () =>
        Promise.resolve(new URLSearchParams(location.search).get('theme') === 'dark' ? 'enterpriseDark' : 'enterprise'),
};
