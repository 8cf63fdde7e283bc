// The page inside another one, as a figure of a book: compact, and moved by links of the text.
//
// It is compact in any frame, or where its address asks for it: then the root element has the class
// `embed`, and all the rest is style. The address may also say what is to be seen, here and in the
// whole page; a link whose target is the frame changes it without loading anything:
//
//     #embed                 be compact, in a window too
//     #event=12              put the cursor on event 12, counted as the page does, from 1
//     #event=12&play         and play from there; `play` alone plays from the start
//
// Whoever may look inside sees by `data-playing` of the root element whether it plays. The page
// itself asks nothing of what is around it, which may be a stranger to it: files are to one another.
"use strict";

/** @returns {URLSearchParams} what the address asks for */
function asked() {
    return new URLSearchParams(location.hash.slice(1));
}

/** @returns {boolean} whether the page is compact */
function isEmbedded() {
    return document.documentElement.classList.contains("embed");
}

/** Makes the page compact, if it is to be. What moves, moves for those who listen too. */
function embed() {
    if (window.self === window.top && !asked().has("embed")) return;
    document.documentElement.classList.add("embed");
    byId("help").before(byId("fit").parentElement);
    byId("lanes").after(byId("legend"));
    byId("grid").before(byId("comparison"), byId("findings").closest("section"));
}

/**
 * Does what the address asks for, now and whenever that changes.
 * @param {Player} player
 */
function listenToAddress(player) {
    const obey = () => {
        const { run } = player;
        const event = Number(asked().get("event") ?? Number.NaN);
        const plays = asked().has("play");
        if (!run || !(event > 0 || plays)) return;
        player.pause();
        player.go(run, event > 0 ? Math.trunc(event) - 1 : run.model.first);
        if (plays) player.play();
        // So that the same link can ask again.
        history.replaceState(null, "", asked().has("embed") ? "#embed" : "#");
    };
    window.addEventListener("hashchange", obey);
    obey();
}
