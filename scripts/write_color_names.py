"""Write the color names of src/tinct/coloring/colors.json from the table that matplotlib ships, and keep the file's families.

The table is the result of the xkcd color survey (2010): the names that people gave most often, with the sRGB color that they gave them to;
https://xkcd.com/color/rgb/, which its author put into the public domain (CC0). Names are dropped that offend, that are trademarks, that name
no color ("dusk", "stone") or no definite one ("greyish"), and rarer spellings of the same name; "grey" becomes "gray".
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from matplotlib.colors import XKCD_COLORS

TABLE = Path(__file__).parent.parent / "src/tinct/coloring/colors.json"
HUES = "red|orange|yellow|green|blue|purple|violet|pink|brown|gray|teal|cyan|turquoise|magenta|tan|beige|lavender|lilac|mauve|aqua"
DROPPED_WORDS = {
    # bodily, or offensive to some people
    *(
        "baby",
        "barf",
        "bile",
        "blood",
        "booger",
        "bruise",
        "diarrhea",
        "flesh",
        "fleshtone",
        "indian",
        "piss",
        "poo",
        "poop",
        "puke",
        "shit",
    ),
    *("sick", "sickly", "slime", "snot", "vomit", "dried"),
    # opinions
    *("bland", "boring", "dirty", "easter", "gross", "hospital", "icky", "nasty", "nice", "poison", "radioactive", "toxic", "ugly"),
    *("weird", "hot", "hint", "true", "really", "highlighter", "fluro", "fluorescent", "acid", "washed"),
    # trademarks and mascots
    *("barbie", "barney", "carolina", "dodger", "kermit", "tiffany", "windows"),
    # misspellings and childish forms, of which the list has the usual form too
    *(
        "bluey",
        "blurple",
        "browny",
        "burple",
        "creme",
        "darkish",
        "forrest",
        "greeny",
        "kelley",
        "lavendar",
        "lightish",
        "liliac",
        "manilla",
    ),
    *(
        "ocher",
        "ocre",
        "orangeish",
        "orangey",
        "perrywinkle",
        "pinky",
        "purpleish",
        "purpley",
        "purply",
        "reddy",
        "siena",
        "tealish",
    ),
    *("terracota", "toupe", "urple", "vermillion", "yellowy", "minty", "leafy", "grassy", "mossy"),
}
DROPPED_NAMES = {
    # no color, or no definite one
    *(
        "adobe",
        "apple",
        "berry",
        "bluish",
        "brownish",
        "camo",
        "dark",
        "desert",
        "dirt",
        "drab",
        "dusk",
        "dust",
        "earth",
        "golden",
        "grape",
    ),
    *(
        "grayish",
        "greenish",
        "heather",
        "ice",
        "iris",
        "leaf",
        "marine",
        "melon",
        "midnight",
        "ocean",
        "off blue",
        "off green",
        "off yellow",
    ),
    *(
        "orangish",
        "pale",
        "pea",
        "petrol",
        "pinkish",
        "purplish",
        "reddish",
        "rosa",
        "royal",
        "sandy",
        "sea",
        "sky",
        "swamp",
        "tree green",
    ),
    *(
        "twilight",
        "velvet",
        "water blue",
        "yellowish",
        "algae",
        "blue blue",
        "cement",
        "light light blue",
        "light light green",
        "tea",
        "azul",
    ),
    *("key lime", "lichen", "mushroom", "putty", "pig pink", "frog green", "turtle green", "macaroni and cheese"),
}


def main() -> None:
    names: dict[str, str] = {}
    for name, color in reversed(XKCD_COLORS.items()):  # matplotlib lists the rarest first
        usual = spelled(name.removeprefix("xkcd:"))
        if usual not in names and usual not in DROPPED_NAMES and not DROPPED_WORDS & set(usual.split()):
            names[usual] = color
    table = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    table["names"] = names
    text = json.dumps(table, indent=2, ensure_ascii=False)
    TABLE.write_text(text + "\n", encoding="utf-8")
    print(f"{TABLE}: {len(names)} of {len(XKCD_COLORS)} names")


def spelled(name: str) -> str:
    """One spelling: "gray", words apart, "robin's egg blue" for its three."""
    name = name.replace("grey", "gray").replace("/", " ").replace("aqua marine", "aquamarine")
    name = re.sub(rf"\b(dark|light|{HUES})(?=({HUES})\b)", r"\1 ", name)
    return re.sub("^robin'?s? egg( blue)?$", "robin's egg blue", name)


if __name__ == "__main__":
    main()
