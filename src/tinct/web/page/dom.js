// Helpers for the elements of the page.

export const $ = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Make the list have `count` children. Existing ones stay, and keep the focus. */
export function fill(list, count, make) {
  while (list.children.length > count) list.lastElementChild.remove();
  while (list.children.length < count) list.append(make(list.children.length));
}

/** Download a file. */
export function keep(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Disable a button without taking the focus from it; what it does must check for itself. */
export const disable = (button, yes) => button.setAttribute("aria-disabled", String(yes));

export const isDisabled = (button) => button.getAttribute("aria-disabled") === "true";

let last = null; // the element that had the focus last

const focusable = (one) => one.isConnected && !one.disabled && !one.closest("[inert]") && (one.checkVisibility?.({ visibilityProperty: true }) ?? true);

/** The focus never falls to the body: where the element that had it is gone, the first usable one of `others()` gets it. */
export function guardFocus(others) {
  const check = () => {
    const now = document.activeElement; // the body, or for a moment still the element that has gone
    if (!last || focusable(now === document.body ? last : now)) return;
    others()
      .find((one) => one && focusable(one))
      ?.focus({ preventScroll: true });
  };
  document.addEventListener("focusin", (event) => (last = event.target));
  new MutationObserver(check).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["hidden", "disabled", "inert", "open"] });
}
