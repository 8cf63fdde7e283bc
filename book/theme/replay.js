// The replays of a chapter: each figure is a static picture until it comes near the window; then the
// live replay takes its place, in a frame. In print, and without this script, the picture stays.
//
// A link of the text to a moment of a replay, as `scenes/one_waiter.html#event=12`, moves the frame
// that shows it.
"use strict";

(() => {
    /** How far below the window a frame is already loaded. */
    const NEAR = "600px";

    /** Puts the live replay over its picture. */
    function bringToLife(picture) {
        const address = picture.dataset.replay;
        const frame = document.createElement("iframe");
        frame.src = `${address}#embed`;
        frame.title = picture.dataset.title;
        frame.name = address;
        frame.allow = "fullscreen";
        picture.append(frame);
        picture.classList.add("live");
        for (const link of document.querySelectorAll("main a[href*='#event='], main a[href*='#play']")) {
            const [page, moment] = link.getAttribute("href").split("#");
            if (page === address) {
                link.href = `${page}#embed&${moment}`;
                link.target = frame.name;
            }
        }
    }

    // The page with the whole book in it is there to be printed.
    const isForPrint = location.pathname.endsWith("/print.html");
    if (isForPrint || !("IntersectionObserver" in window)) return;
    const near = new IntersectionObserver((entries) => {
        for (const { isIntersecting, target } of entries) {
            if (isIntersecting) {
                near.unobserve(target);
                bringToLife(target);
            }
        }
    }, { rootMargin: NEAR });
    for (const picture of document.querySelectorAll("[data-replay]")) {
        // Its height is that of the frame from now on, so that nothing jumps.
        picture.classList.add("awaits");
        near.observe(picture);
    }
})();
