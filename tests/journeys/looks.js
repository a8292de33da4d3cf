/** What is looked for on a page that is open; see looks.py. Each look gives what it found, a line each. */
(asked) => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const told = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 90);
  const shown = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && one.getClientRects().length > 0;
  const style = (one) => getComputedStyle(one);
  const box = (one) => one.getBoundingClientRect();
  const ownText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());

  /** What only a screen reader meets. */
  const forEars = (one) => style(one).clipPath.startsWith("inset(50%") || style(one).clip.startsWith("rect(0px") || box(one).width <= 1;
  const within = (one) => (one ? [one, ...within(one.parentElement)] : []);
  const inEars = (one) => within(one).some(forEars);

  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const solid = (one) => (channels(style(one).backgroundColor)[3] ?? 1) > 0.5;
  const ground = (one) => {
    const behind = within(one).find(solid);
    return behind ? channels(style(behind).backgroundColor).slice(0, 3) : [255, 255, 255];
  };
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) => 0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255);
  const contrast = (colour, behind) => {
    const [low, high] = [light(channels(colour)), light(behind)].sort((one, other) => one - other);
    return (high + 0.05) / (low + 0.05);
  };

  const looks = {
    sideways() {
      const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
      if (wide <= 0) return [];
      const over = all("body *").filter((one) => shown(one) && (box(one).right > innerWidth || box(one).left < 0));
      return [`${wide} px too wide: ${over.slice(0, 3).map(told).join(" | ")}`];
    },

    cut() {
      // A row of the log stays two lines high: the banner and "Not done" say the whole, and the row itself under the pointer.
      const none = "script, style, template, noscript, option, svg *, .log .what *";
      const larger = all("body *").filter((one) => one.scrollWidth - one.clientWidth > 1 || one.scrollHeight - one.clientHeight > 2);
      const texts = larger.filter((one) => ownText(one) && !one.matches(none) && !["inline", "contents"].includes(style(one).display));
      return texts.filter((one) => {
        const { overflowX, overflowY } = style(one);
        const beyond = one.scrollWidth - one.clientWidth > 1 && !["auto", "scroll"].includes(overflowX);
        return beyond || (["hidden", "clip"].includes(overflowY) && one.scrollHeight - one.clientHeight > 2);
      }).filter((one) => shown(one) && !inEars(one)).map((one) => `cut: ${told(one)}`);
    },

    focus() {
      const before = document.activeElement;
      const found = [];
      for (const one of all("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
        if (!shown(one)) continue;
        one.focus({ preventScroll: true, focusVisible: true });
        if (document.activeElement !== one) continue;
        const { outlineStyle, outlineWidth, outlineColor, outlineOffset } = style(one);
        const ring = contrast(outlineColor, ground(parseFloat(outlineOffset) < 0 ? one : one.parentElement));
        if (forEars(one)) found.push(`unseen with the focus: ${told(one)}`);
        else if (outlineStyle === "none" || parseFloat(outlineWidth) < 2 || ring < 3)
          found.push(`focus ${outlineStyle} ${outlineWidth} ${ring.toFixed(2)}: ${told(one)}`);
      }
      if (before === document.body) document.activeElement.blur();
      else before.focus({ preventScroll: true });
      return found;
    },

    targets(least) {
      const met = all("a[href], button, input:not([type=hidden]), select, textarea, summary").filter((one) => shown(one) && !one.disabled);
      return met.flatMap((one) => {
        const inSentence = style(one).display === "inline" && ownText(one.parentElement);
        const named = one.matches("[type=checkbox], [type=radio]") ? (one.labels[0] ?? one) : one;
        const overAll = getComputedStyle(named, "::after").position === "absolute"; // a label may reach over its whole card
        const area = overAll ? named.offsetParent : named;
        const { width, height } = box(area);
        // How wide a word is, is no matter of style where it stands in a column with others.
        const small = (width < least - 0.5 && style(one).display !== "inline") || height < least - 0.5;
        return small && !inSentence && !forEars(area) ? [`${width.toFixed(0)} x ${height.toFixed(0)}: ${told(one)}`] : [];
      });
    },

    motion() {
      const lasts = (durations) => durations.split(",").some((part) => parseFloat(part) > 0.01);
      const moves = (one) => lasts(style(one).transitionDuration) || (style(one).animationName !== "none" && lasts(style(one).animationDuration));
      return all("body *").filter(moves).map((one) => `moves: ${told(one)}`);
    },

    edges() {
      const drawn = all("main :is(button, input:not([type=hidden]), select, textarea, .tag, .notice)").filter((one) => shown(one) && !forEars(one));
      const own = "[type=checkbox], [type=radio], [type=range], [type=file], .link"; // drawn by the browser, or a link
      return drawn.filter((one) => {
        const { borderTopWidth, borderTopStyle, borderTopColor } = style(one);
        const edged = parseFloat(borderTopWidth) > 0 && borderTopStyle !== "none";
        return !one.matches(own) && !(edged && contrast(borderTopColor, ground(one.parentElement)) >= 3);
      }).map((one) => `no edge: ${told(one)}`);
    },
  };

  return asked.flatMap(([name, given]) => looks[name](given));
}
