// A page for the time being: it shows the trace as it is.
"use strict";
document.getElementById("text").textContent = document.getElementById("trace").textContent;
