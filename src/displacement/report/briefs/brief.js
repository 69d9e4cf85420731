// What moves in the brief: the day, the selected zone, the order of the table, the language. Figures come from the
// page itself, rounded and suppressed already; nothing is asked of any host.
"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const data = read("data");
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const HIDDEN = -1;
  const HALF_A_LETTER = 3.6; // half the width of a letter on the map, in pixels: names stay inside it
  const last = data.days.length - 1;
  const state = { at: last, measure: "there", zone: null, sort: null, playing: null };
  let models = null;

  const words = () => data.texts[root.lang];
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
  const number = (value) => value.toLocaleString("en-US");
  const figure = (value) => (value === null || value === undefined ? words().unknown : value === HIDDEN ? words().few : number(value));
  const date = (day) => {
    const found = new Date(Date.parse(data.first) + (day - 1) * 864e5);
    return `${found.getUTCDate()} ${words().months[found.getUTCMonth()]}`;
  };
  const name = (zone) => `\u2068${(root.lang === "ar" && data.names_ar[zone]) || data.names[zone]}\u2069`;
  const level = (measure, which, zone, at = state.at) => {
    const levels = data.zones[measure][which];
    return levels ? levels[at][zone] : null;
  };
  const ranged = (measure, zone) => {
    const middle = level(measure, "middle", zone);
    const low = level(measure, "low", zone);
    const high = level(measure, "high", zone);
    if (low === null || low === HIDDEN || low === high) return figure(middle);
    return filled(words().range, { middle: figure(middle), low: figure(low), high: figure(high) });
  };
  const colour = (value) => {
    if (value === null) return data.colours.unknown;
    if (value === HIDDEN) return data.colours.few;
    const of = data.breaks.filter((edge) => value >= edge).length;
    return of ? data.colours.classes[of - 1] : data.colours.nobody;
  };

  function drawMap() {
    const { zones, names } = models;
    const shown = zones.data.zone;
    const values = shown.map((zone) => level(state.measure, "middle", zone));
    zones.data = {
      ...zones.data,
      colour: values.map(colour),
      hatch: values.map((value) => (value === null ? "/" : " ")),
      label: shown.map(name),
      told: shown.map((zone) => ranged(state.measure, zone)),
    };
    const most = shown
      .map((zone, row) => ({ zone, value: values[row] ?? 0 }))
      .filter((one) => one.value >= data.breaks[0] && data.centres[one.zone])
      .sort((one, other) => other.value - one.value)
      .slice(0, data.most_names);
    const inside = (one) => {
      const half = Math.min(HALF_A_LETTER * name(one.zone).length / data.frame.scale, data.frame.across / 2);
      return Math.max(data.frame.left + half, Math.min(data.frame.left + data.frame.across - half, data.centres[one.zone][0]));
    };
    names.data = {
      x: most.map(inside),
      y: most.map((one) => data.centres[one.zone][1]),
      name: most.map((one) => name(one.zone).slice(1, -1)),
    };
  }

  function drawChart() {
    const { steps, days, now, observed } = models;
    const plain = (value) => (value === null || value === HIDDEN ? NaN : value);
    const levels = state.zone === null ? data.area : data.zones.there;
    const on = state.zone === null ? data.area.middle.map((_, at) => at + 1) : data.days;
    const of = (which) => on.map((_, at) => (levels[which] ? plain(state.zone === null ? levels[which][at] : levels[which][at][state.zone]) : NaN));
    steps.data = { day: on, middle: of("middle"), low: of("low"), high: of("high") };
    for (const seen of observed) seen.visible = state.zone === null;
    now.location = data.days[state.at];
    const labels = new Map(data.ticks.map((day) => [day, root.dir === "rtl" ? `\u2067${date(day)}\u2069` : date(day)]));
    days.major_label_overrides = labels;
    find("chart-title").textContent = state.zone === null ? words().chart_title : filled(words().chart_zone, { zone: name(state.zone) });
  }

  function writeTable() {
    for (const row of find("zones").tBodies[0].rows) {
      const zone = Number(row.dataset.zone);
      for (const cell of row.querySelectorAll("td[data-measure]")) {
        const { measure } = cell.dataset;
        const middle = level(measure, "middle", zone);
        cell.dataset.value = middle === HIDDEN ? 1 : middle ?? -1;
        cell.textContent = cell.dataset.range === undefined ? figure(middle) : spread(measure, zone);
      }
      row.classList.toggle("chosen", zone === state.zone);
      row.setAttribute("aria-selected", String(zone === state.zone));
    }
    find("zones-day").textContent = filled(words().zones_note, { date: date(data.days[state.at]) });
    if (state.sort) sortTable(state.sort.column, state.sort.down);
  }
  const spread = (measure, zone) => {
    const low = level(measure, "low", zone);
    const high = level(measure, "high", zone);
    return low === null || low === HIDDEN || low === high ? "" : filled(words().to, { low: figure(low), high: figure(high) });
  };

  function sortTable(column, down) {
    state.sort = { column, down };
    const table = find("zones");
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, at) => head.setAttribute("aria-sort", at === column ? (down ? "descending" : "ascending") : "none"));
    const key = (row) => {
      const cell = row.cells[column];
      return cell.dataset.value === undefined ? cell.innerText.trim() : Number(cell.dataset.value);
    };
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, key: key(row) }));
    const compare = (one, other) => (typeof one.key === "number" ? one.key - other.key : one.key.localeCompare(other.key, root.lang));
    rows.sort((one, other) => (down ? -1 : 1) * compare(one, other));
    table.tBodies[0].append(...rows.map((one) => one.row));
  }

  function setDay(at) {
    state.at = Math.max(0, Math.min(last, at));
    const day = data.days[state.at];
    find("slider").value = String(state.at);
    find("slider").setAttribute("aria-valuetext", date(day));
    for (const place of document.querySelectorAll(".day-now")) place.textContent = filled(words().day_of, { date: date(day), number: day });
    if (models) { drawMap(); models.now.location = day; }
    writeTable();
    tell();
  }

  function tell() {
    const zone = state.zone;
    find("told").textContent = zone === null ? "" : `${name(zone)}: ${words().col_there} ${ranged("there", zone)} · ${words().col_from} ${ranged("from", zone)}`;
    find("whole").hidden = zone === null;
  }

  function choose(zone, scroll = true) {
    state.zone = zone;
    if (models) {
      const row = zone === null ? -1 : models.zones.data.zone.indexOf(zone);
      const wanted = row < 0 ? [] : [row];
      if (String(models.zones.selected.indices) !== String(wanted)) models.zones.selected.indices = wanted;
      drawChart();
    }
    writeTable();
    tell();
    const row = find("zones").querySelector("tr.chosen");
    const box = row && row.closest(".scroll");
    if (scroll && box) box.scrollTop = Math.max(0, row.offsetTop - box.clientHeight / 2);
  }

  function setMeasure(measure) {
    state.measure = measure;
    for (const button of document.querySelectorAll("button[data-measure]")) button.setAttribute("aria-pressed", String(button.dataset.measure === measure));
    if (models) drawMap();
  }

  function play(on) {
    clearInterval(state.playing);
    state.playing = on ? setInterval(() => (state.at >= last ? play(false) : setDay(state.at + 1)), 700) : null;
    if (on && state.at >= last) setDay(0);
    find("play").textContent = on ? words().pause : words().play;
    find("play").setAttribute("aria-pressed", String(on));
  }

  function setLanguage(language) {
    root.lang = language;
    root.dir = words().direction;
    document.title = words().title;
    find("language").textContent = words().other_language;
    find("language").lang = language === "en" ? "ar" : "en";
    for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", words()[each.dataset.label]);
    find("play").textContent = state.playing ? words().pause : words().play;
    if (models) drawChart();
    setDay(state.at);
  }

  function listen() {
    find("slider").addEventListener("input", (event) => { play(false); setDay(Number(event.target.value)); });
    find("play").addEventListener("click", () => play(!state.playing));
    find("whole").addEventListener("click", () => choose(null));
    find("language").addEventListener("click", () => setLanguage(root.lang === "en" ? "ar" : "en"));
    for (const button of document.querySelectorAll("button[data-measure]")) button.addEventListener("click", () => setMeasure(button.dataset.measure));
    const table = find("zones");
    [...table.tHead.rows[0].cells].forEach((head, column) =>
      head.querySelector("button").addEventListener("click", () => {
        const same = state.sort && state.sort.column === column;
        sortTable(column, same ? !state.sort.down : head.classList.contains("n"));
      }));
    const toggle = (row) => choose(Number(row.dataset.zone) === state.zone ? null : Number(row.dataset.zone), false);
    table.tBodies[0].addEventListener("click", (event) => { const row = event.target.closest("tr"); if (row) toggle(row); });
    table.tBodies[0].addEventListener("keydown", (event) => {
      const row = event.target.closest("tr");
      if (row && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); toggle(row); }
    });
    let before = null;
    window.addEventListener("beforeprint", () => {
      play(false);
      before = before ?? state.at;
      setDay(last);
    });
    window.addEventListener("afterprint", () => {
      setDay(before ?? state.at);
      before = null;
    });
  }

  async function draw() {
    for (const id of ["map", "chart"]) await Bokeh.embed.embed_item(read(`${id}-item`));
    const model = (wanted) => Bokeh.documents.map((one) => one.get_model_by_name(wanted)).find((one) => one);
    const every = (wanted) => Bokeh.documents.flatMap((one) => [...one._all_models.values()].filter((each) => each.name === wanted));
    models = {
      zones: model("zones"), names: model("names"), steps: model("steps"), days: model("days"), now: model("now"),
      observed: every("observed"),
    };
    models.zones.selected.properties.indices.change.connect(() => {
      const [row] = models.zones.selected.indices;
      const zone = row === undefined ? null : models.zones.data.zone[row];
      if (zone !== state.zone) choose(zone);
    });
  }

  async function start() {
    listen();
    sortTable(data.sorted_by, true);
    await draw();
    const asked = location.hash.slice(1);
    setLanguage(asked in data.texts ? asked : root.lang);
    drawChart();
    root.dataset.ready = "yes";
    window.brief = { state, data, models };
  }
  start();
})();
