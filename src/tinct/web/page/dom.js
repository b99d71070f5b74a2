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

/** Revoke an object URL when the image that shows it has surely been replaced. */
export function revokeLater(url) {
  if (url?.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 2000);
}

/** Disable a button without taking the focus from it; `press` checks. */
export const disable = (button, yes) => button.setAttribute("aria-disabled", String(yes));

const isDisabled = (button) => button.getAttribute("aria-disabled") === "true";

/** What a button does, unless it is disabled by `disable`. */
export const press = (id, act) => $(id).addEventListener("click", () => isDisabled($(id)) || act());

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
