// What a person would see on a dashboard's page, for checks of it. Each function returns plain data.
(() => {
    const all = (selector, root = document) => [...root.querySelectorAll(selector)];
    const panels = () => all('[data-test=viz-item]');
    const title = (panel) =>
        panel.querySelector('[data-test=viz-title]')?.textContent.trim() || panel.getAttribute('data-id');
    const visible = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
    const ownText = (element) =>
        [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()).join('');
    // For screen readers alone, or a button that is off.
    const aside = '[data-test=screen-reader-content], [data-test^=skip-link], [data-test-disabled], [aria-label*="screen reader information"], .highcharts-a11y-proxy-container, [id^=highcharts-screen-reader]';
    const written = (panel) => all('*', panel)
        .filter((element) => ownText(element) && visible(element) && !element.closest(aside));

    // Relative luminance and contrast as WCAG 2 defines them.
    const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const numbers = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
    const luminance = ([red, green, blue]) =>
        0.2126 * channel(red / 255) + 0.7152 * channel(green / 255) + 0.0722 * channel(blue / 255);
    const over = ([red, green, blue, alpha = 1], ground) =>
        [red, green, blue].map((part, place) => part * alpha + ground[place] * (1 - alpha));
    const ground = (element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) {
            const colour = numbers(getComputedStyle(at).backgroundColor);
            if (colour[3] !== 0 && colour.length) {
                layers.push(colour);
            }
        }
        return layers.reverse().reduce((below, colour) => over(colour, below), [255, 255, 255]);
    };
    const contrast = (element) => {
        const style = getComputedStyle(element);
        const below = ground(element);
        const ink = over(numbers(element instanceof SVGElement ? style.fill : style.color), below);
        const [dark, light] = [luminance(ink), luminance(below)].sort((one, other) => one - other);
        return (light + 0.05) / (dark + 0.05);
    };
    const large = (element) => {
        const style = getComputedStyle(element);
        return parseFloat(style.fontSize) >= (Number(style.fontWeight) >= 700 ? 18.66 : 24);
    };

    // Whether a word of the element's text stands on two lines.
    const splits = (element) => [...element.childNodes].filter((node) => node.nodeType === 3).some((node) =>
        [...node.textContent.matchAll(/\S+/g)].some((word) => {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
        }));

    // A table's cell ends in an ellipsis where its column is set to; a sentence and a time do not.
    const shortened = (element) => element.closest('td') && !/\.$|^\d{4}-\d\d-\d\d /.test(ownText(element)) &&
        getComputedStyle(element).textOverflow === 'ellipsis';

    window.look = {
        // Grows and shrinks until everything is drawn.
        state: () => `${panels().length} ${document.getElementById('dashboard').innerHTML.length}`,
        panels: () => panels().map((panel) =>
            [
            panel.getAttribute('data-id'),
            title(panel),
            written(panel).map((element) => ownText(element)),
            Boolean(panel.querySelector('[data-test=status-icon-container] svg[aria-label=Error]')),
        ]),
        clipped: () => panels().flatMap((panel) => written(panel)
            .filter((element) => element instanceof HTMLElement && element.clientWidth && !shortened(element) &&
                getComputedStyle(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1)
            .map((element) => `${title(panel)}: ${ownText(element)}`)),
        // Words of a table's heads that do not fit in a line of their column.
        broken: () => panels().flatMap((panel) => all('[data-test=head-cell]', panel).flatMap((cell) =>
            written(cell).filter(splits).map((element) => `${title(panel)}: ${ownText(element)}`))),
        // Tables that are cut at the right edge, unless their description says to scroll.
        wide: () => panels().filter((panel) => !/scroll right/i.test(panel.textContent))
            .filter((panel) => all('[data-test=head-cell]', panel)
                .some((cell) => cell.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1))
            .map(title),
        // Tables whose page of rows does not fit, so that the last row is cut or a bar to scroll appears.
        cut: () => panels().filter((panel) => all('[data-test=table-container] *', panel)
            .some((element) => /auto|scroll/.test(getComputedStyle(element).overflowY) &&
                element.scrollHeight > element.clientHeight + 1))
            .map(title),
        overlapping: () => {
            const boxes = panels().map((panel) => [title(panel), panel.getBoundingClientRect()]);
            return boxes.flatMap(([one, a], place) => boxes.slice(place + 1)
                .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
                .map(([other]) => `${one} and ${other}`));
        },
        outside: () => [document.documentElement, ...panels()]
            .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1 ||
                (element === document.documentElement && element.scrollWidth > window.innerWidth + 1))
            .map((element) => (element === document.documentElement ? 'the page' : title(element))),
        faint: () => panels().flatMap((panel) => written(panel)
            .filter((element) => contrast(element) < (large(element) ? 3 : 4.5))
            .map((element) => `${title(panel)}: ${ownText(element)} (${contrast(element).toFixed(2)})`)),
    };
})();
