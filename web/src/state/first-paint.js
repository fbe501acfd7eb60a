// Runs before anything is painted: the theme chosen last time, else what the system prefers.
(function () {
    var theme = null;
    try {
        theme = localStorage.getItem('driftline.theme');
    } catch (_) {
        // A browser that keeps nothing still shows the page.
    }
    if (theme !== 'day' && theme !== 'night') {
        theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'night' : 'day';
    }
    document.documentElement.dataset.theme = theme;
    // Until the style sheet is there, the browser's own canvas has the theme's brightness.
    document.documentElement.style.colorScheme = theme === 'night' ? 'dark' : 'light';
})();
