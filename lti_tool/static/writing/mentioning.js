// Offers names in the editor, as ../mentions.js does in a plain field.
import { Plugin } from "prosemirror-state";
import { Suggestions } from "./suggesting.js";

function beforeCaret({ selection: { empty, $from } }) {
  return empty && $from.parent.isTextblock ? $from.parent.textBetween(0, $from.parentOffset, undefined, "\ufffc") : "";
}

/** A plugin that offers the names which `address` knows, as somebody types one. */
export function mentioning(address) {
  let attributes = null, offered = null;

  function watch(view) {
    offered = new Suggestions(address, {
      place: () => view.coordsAtPos(view.state.selection.head),
      take: (length, text) => {
        const { head } = view.state.selection;
        view.dispatch(view.state.tr.insertText(text, head - length, head).scrollIntoView());
      },
      // The editor writes its own attributes: those that came from elsewhere would make it draw everything anew.
      tell: (told) => { attributes = told; if (!view.isDestroyed) view.setProps({}); },
    });
    return {
      update(_view, before) {
        const { doc, selection } = view.state;
        if (doc !== before.doc && view.hasFocus()) offered.look(beforeCaret(view.state));
        else if (doc !== before.doc || !selection.eq(before.selection)) offered.close();
      },
      destroy: offered.close,
    };
  }

  return new Plugin({
    view: watch,
    props: {
      attributes: () => ({ "aria-autocomplete": "list", ...attributes }),
      handleKeyDown: (_view, event) => offered.key(event),
      handleDOMEvents: { blur: () => { offered.close(); return false; } },
    },
  });
}
