// Only comfort: the page says everything without it.
(function () {
  "use strict";
  document.documentElement.classList.add("scripted");

  var chips = document.querySelectorAll("button[data-state]");
  var known = Array.from(chips, function (chip) { return chip.dataset.state; });
  var chosen = []; // states; none are all

  function isChosen(state) { return chosen.indexOf(state) !== -1; }

  function stands(element) { // whether what it shows is of a state that was chosen
    if (element.dataset.states) { return !chosen.length || element.dataset.states.split(" ").some(isChosen); }
    var cells = element.querySelectorAll(".cell");
    var fitting = Array.from(cells).filter(function (cell) {
      var fits = cell.dataset.states ? stands(cell) : !chosen.length || chosen.some(function (state) { return cell.classList.contains(state); });
      cell.classList.toggle("off", !fits);
      return fits;
    });
    return fitting.length > 0 || !chosen.length;
  }

  function narrow(section) {
    var input = section.querySelector("input[data-filter]");
    var words = input ? input.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
    var all = section.querySelectorAll("[data-text], details.list[data-states]");
    var shown = 0;
    all.forEach(function (element) {
      var text = element.dataset.text;
      var said = text === undefined || words.every(function (word) { return text.indexOf(word) !== -1; });
      element.hidden = !(stands(element) && said);
      shown += !element.hidden;
    });
    section.querySelectorAll("details.operation").forEach(function (operation) {
      var left = operation.querySelectorAll("[data-text]:not([hidden])");
      operation.hidden = !left.length;
      if ((words.length || chosen.length) && left.length && left.length < 200) { operation.open = true; }
    });
    section.classList.toggle("emptied", all.length > 0 && !shown);
    var output = section.querySelector("output");
    if (output) { output.textContent = words.length || chosen.length ? shown + " of " + all.length : ""; }
  }

  function narrowAll() { ["violations", "tolerated", "matrix", "unseen", "findings"].map(part).filter(Boolean).forEach(narrow); }

  function part(id) { return document.getElementById(id); }

  function choose(states) {
    chosen = states;
    chips.forEach(function (chip) { chip.setAttribute("aria-pressed", isChosen(chip.dataset.state)); });
    document.querySelectorAll("[data-all]").forEach(function (button) { button.hidden = !chosen.length; });
    narrowAll();
    var kept = fragment().filter(function (one) { return one.indexOf("state=") !== 0; });
    if (chosen.length) { kept.push("state=" + chosen.join(",")); }
    try { history.replaceState(null, "", "#" + kept.join("&")); } catch (error) { } // a page within another may have no address
  }

  function fragment() { return location.hash.slice(1).split("&").filter(Boolean); }

  chips.forEach(function (chip) {
    chip.disabled = "empty" in chip.dataset;
    chip.addEventListener("click", function () {
      var state = chip.dataset.state;
      choose(isChosen(state) ? chosen.filter(function (one) { return one !== state; }) : chosen.concat(state));
    });
  });
  document.querySelectorAll("[data-all]").forEach(function (button) {
    button.addEventListener("click", function () {
      button.closest("ul").querySelector("button:not([disabled])").focus();
      choose([]);
    });
  });
  document.querySelectorAll("input[data-filter]").forEach(function (input) {
    input.addEventListener("input", function () { narrow(part(input.dataset.filter)); });
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

  function reveal() { // what the fragment names; a link that names no states leaves those that were chosen
    var named = fragment().filter(function (one) { return one.indexOf("state=") === 0; })[0];
    var wanted = named === undefined ? chosen : named.slice(6).split(",").filter(function (state) { return known.indexOf(state) !== -1; });
    var id = fragment().filter(function (one) { return one !== named; })[0];
    if (named !== undefined || chosen.length) { choose(wanted); }
    var target = id && part(id);
    if (!target) { return; }
    if (target.closest("[hidden]")) {
      document.querySelectorAll("input[data-filter]").forEach(function (input) { input.value = ""; });
      choose([]);
    }
    for (var up = target; up; up = up.parentElement) { if (up.tagName === "DETAILS") { up.open = true; } }
    target.scrollIntoView();
  }

  document.querySelectorAll(".opened a[href^='#']").forEach(function (link) {
    link.addEventListener("click", function () { link.closest("[popover]").hidePopover(); });
  });
  addEventListener("hashchange", reveal);
  reveal();
})();
