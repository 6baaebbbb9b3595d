// Only comfort: the page says everything without it.
(function () {
  "use strict";
  document.documentElement.classList.add("scripted");

  function filter(input) {
    var section = document.getElementById(input.dataset.filter);
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    var all = section.querySelectorAll("[data-text]");
    var shown = 0;
    all.forEach(function (element) {
      var fits = words.every(function (word) { return element.dataset.text.indexOf(word) !== -1; });
      element.hidden = !fits;
      shown += fits;
    });
    section.querySelectorAll("details.operation").forEach(function (operation) {
      var rows = operation.querySelectorAll("tr[data-text]");
      var left = operation.querySelectorAll("tr[data-text]:not([hidden])");
      if (rows.length) { operation.hidden = !left.length; }
      if (words.length && left.length && left.length < 200) { operation.open = true; }
    });
    var output = section.querySelector("output");
    output.textContent = words.length ? shown + " of " + all.length : "";
  }

  document.querySelectorAll("input[data-filter]").forEach(function (input) {
    input.addEventListener("input", function () { filter(input); });
  });

  function copied(button, text) {
    button.textContent = text;
    setTimeout(function () { button.textContent = "Copy"; }, 1500);
  }

  function select(element) {
    var range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }

  document.querySelectorAll("button[data-copy]").forEach(function (button) {
    button.addEventListener("click", function () {
      var element = document.getElementById(button.dataset.copy);
      var done = function () { copied(button, "Copied"); };
      var refused = function () { select(element); copied(button, "Press Ctrl+C"); };
      if (!navigator.clipboard) { return refused(); }
      navigator.clipboard.writeText(element.textContent).then(done, refused);
    });
  });

  document.querySelectorAll(".trend, .chart svg").forEach(function (picture) {
    var room = picture.parentElement;
    if (room.scrollWidth > room.clientWidth + 40) { room.scrollLeft = room.scrollWidth; } // the last run is what matters
  });

  function reveal() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    for (var up = target; up; up = up.parentElement) { if (up.tagName === "DETAILS") { up.open = true; } }
    target.scrollIntoView();
  }

  document.querySelectorAll(".opened a[href^='#']").forEach(function (link) {
    link.addEventListener("click", function () { link.closest("[popover]").hidePopover(); });
  });
  addEventListener("hashchange", reveal);
  reveal();
})();
