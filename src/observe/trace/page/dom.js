// Building blocks: elements, tables, names made harmless.
//
// All text of a trace is hostile: it goes through `harmless` and then into `textContent` or onto a
// canvas, never into markup. No function here parses HTML.
"use strict";

/** The most characters of a name that are shown; the title shows `LONGEST_TITLE`. */
const LONGEST_NAME = 60;
const LONGEST_TITLE = 1000;

/**
 * The element of the page with this id.
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
    return document.getElementById(id);
}

/**
 * Makes an element. `props` are attributes, but for `text` (its text) and `on` (its listeners).
 * @param {string} tag
 * @param {Object} [props]
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
function make(tag, props = {}, ...children) {
    return furnish(document.createElement(tag), props, children);
}

/**
 * Makes an element of a drawing.
 * @param {string} tag
 * @param {Object} [props]
 * @param {...(Node|string|null)} children
 * @returns {SVGElement}
 */
function makeSvg(tag, props = {}, ...children) {
    return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

/**
 * @param {Element} element
 * @param {Object} props
 * @param {Array<Node|string|null>} children
 * @returns {Element}
 */
function furnish(element, props, children) {
    for (const [name, value] of Object.entries(props)) {
        if (value === null || value === undefined || value === false) continue;
        if (name === "text") element.textContent = value;
        else if (name === "on") for (const [what, f] of Object.entries(value)) element.addEventListener(what, f);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children) if (child !== null && child !== undefined) element.append(child);
    return element;
}

/**
 * Text of a trace without what could mislead an eye: control characters, line separators and the
 * marks that turn the direction of writing; and not longer than `longest`.
 * @param {unknown} text
 * @param {number} [longest]
 * @returns {string}
 */
function harmless(text, longest = LONGEST_TITLE) {
    let cut = String(text ?? "");
    if (cut.length > longest) cut = `${cut.slice(0, longest).replace(/[\ud800-\udbff]$/, "")}…`;
    // Marks that pile up on one letter would cover what stands above.
    cut = cut.replace(/(\p{M}{2})\p{M}+/gu, "$1");
    return cut.replace(
        /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
        "\ufffd",
    );
}

/**
 * Text of a trace as an element of its own, so that letters written from right to left do not
 * disorder what stands around them.
 * @param {unknown} text
 * @param {number} [longest]
 * @returns {HTMLElement}
 */
function isolated(text, longest = LONGEST_NAME * 5) {
    const whole = harmless(text);
    const shown = harmless(text, longest);
    return make("bdi", { text: shown, title: shown === whole ? null : whole });
}

/**
 * A whole number, with its thousands apart.
 * @param {number} n
 * @returns {string}
 */
function numberText(n) {
    return String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/**
 * A task by number and name.
 * @param {Model} model
 * @param {number} id
 * @param {number} [longest]
 * @returns {string}
 */
function taskTitle(model, id, longest = LONGEST_NAME) {
    const name = model.tasks.get(id)?.name;
    return name ? `task ${id} ${harmless(name, longest)}` : `task ${id}`;
}

/**
 * A table. Cells are nodes or text.
 * @param {string} caption
 * @param {string[]} heads
 * @param {Array<Array<Node|string>>} rows
 * @param {string} [more] a line below it
 * @returns {HTMLElement}
 */
function tableOf(caption, heads, rows, more) {
    const cell = (content) => make("td", {}, content);
    return make(
        "table",
        {},
        make("caption", { class: "unseen", text: caption }),
        make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col", text: head })))),
        make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map(cell)))),
        more ? make("tfoot", {}, make("tr", {}, make("td", { colspan: heads.length, text: more }))) : null,
    );
}

/**
 * A button that does `f`.
 * @param {Node|string} content
 * @param {() => void} f
 * @param {Object} [props]
 * @returns {HTMLElement}
 */
function buttonOf(content, f, props = {}) {
    return make("button", { type: "button", ...props, on: { click: f } }, content);
}

/**
 * Draws panels anew; what had the focus has it again, or what stands in its place.
 * @param {HTMLElement} root
 * @param {() => void} draw
 */
function keepFocus(root, draw) {
    const { activeElement } = document;
    const body = root.contains(activeElement) ? activeElement.closest("[id$='-body']") : null;
    const all = () => [...body.querySelectorAll("button, [tabindex]")];
    const at = body ? all().indexOf(activeElement) : -1;
    draw();
    if (at >= 0 && !activeElement.isConnected) all()[at]?.focus({ preventScroll: true });
}

/**
 * @param {string} id of a button that is up or down
 * @returns {boolean} whether it is down
 */
function isPressed(id) {
    return byId(id).getAttribute("aria-pressed") === "true";
}

/**
 * @param {string} id of a button that is up or down
 * @param {boolean} pressed whether it is to be down
 */
function setPressed(id, pressed) {
    byId(id).setAttribute("aria-pressed", String(pressed));
}

/**
 * The first place in `0..n` at which `reached` holds; it must not cease to hold afterwards.
 * @param {number} n
 * @param {(i: number) => boolean} reached
 * @returns {number}
 */
function firstPlace(n, reached) {
    let [low, high] = [0, n];
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (reached(middle)) high = middle;
        else low = middle + 1;
    }
    return low;
}
