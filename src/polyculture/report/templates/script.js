(function () {
  'use strict';
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const themes = JSON.parse(document.getElementById('themes').textContent);
  const boxes = Array.from(document.querySelectorAll('.chart'));
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  document.body.appendChild(tip);

  // lines of name and value, as text: nothing in them is ever read as markup
  function say(handler, event, item, value) {
    tip.hidden = value === null || value === undefined || value === '';
    if (tip.hidden) return;
    const lines = typeof value === 'object' ? Object.entries(value).map(([k, v]) => k + ': ' + v) : [String(value)];
    tip.replaceChildren(...lines.map(function (line) {
      const row = document.createElement('div');
      row.textContent = line;
      return row;
    }));
    const right = window.innerWidth - tip.offsetWidth - 12;
    const bottom = window.innerHeight - tip.offsetHeight - 12;
    tip.style.left = Math.max(4, Math.min(event.clientX + 12, right)) + 'px';
    tip.style.top = Math.max(4, Math.min(event.clientY + 14, bottom)) + 'px';
  }

  function refuse() {
    return Promise.reject(new Error('a report asks for nothing'));
  }

  function draw(box, scheme) {
    const spec = JSON.parse(document.getElementById(box.dataset.spec).textContent);
    const picks = document.getElementById(box.dataset.picks);
    const before = Array.from(picks.querySelectorAll('select')).map((each) => each.selectedIndex);
    if (box.view) box.view.finalize();
    picks.replaceChildren();
    const compiled = vegaLite.compile(spec, { config: themes[scheme], logger: vega.logger(vega.Error) }).spec;
    box.view = new vega.View(vega.parse(compiled, undefined, { ast: true }), {
      expr: vegaInterpreter.expressionInterpreter,
      renderer: box.dataset.renderer,
      container: box,
      bind: picks,
      loader: { load: refuse, sanitize: refuse },
      logger: vega.logger(vega.Error),
      tooltip: say
    });
    box.view.run();
    // the box around it says what the drawing shows
    box.querySelectorAll('svg, canvas').forEach((drawn) => drawn.setAttribute('aria-hidden', 'true'));
    picks.querySelectorAll('select').forEach(function (each, i) {
      if (before[i] > 0) {
        each.selectedIndex = before[i];
        each.dispatchEvent(new Event('change'));
      }
    });
  }

  function all(scheme) {
    boxes.forEach(function (box) {
      // one chart that fails leaves the others as they are, and its numbers below it
      try {
        draw(box, scheme);
      } catch (error) {
        box.textContent = box.dataset.failed;
        console.error(error);
      }
    });
  }

  const now = () => (dark.matches ? 'dark' : 'light');
  dark.addEventListener('change', () => all(now()));
  window.addEventListener('beforeprint', () => all('light'));
  window.addEventListener('afterprint', () => all(now()));
  all(now());
  document.documentElement.dataset.drawn = String(boxes.length);
})();
