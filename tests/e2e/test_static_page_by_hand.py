"""The tests of the page, once more on the engine that computes in the browser: all but those of the server's own answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.test_page import (  # noqa: F401 (collected here with this module's address)
    test_a_hint_is_added_moved_removed_and_undone,
    test_a_photograph_is_colored_at_once,
    test_a_reference_and_the_sliders,
    test_a_variant_is_picked_and_undone,
    test_each_photograph_keeps_its_colors,
    test_hints_are_saved_and_loaded_again,
    test_keyboard_alone,
    test_on_a_phone,
    test_text_can_be_read,
    test_zoom_pan_and_the_divider,
)
from e2e.test_page_reach import (  # noqa: F401
    test_a_gray_reference_is_refused_at_once,
    test_a_lasso_and_a_stroke_color_themselves_alone,
    test_a_lasso_that_crosses_itself_loses_its_smaller_loop,
    test_a_lasso_with_the_keys_alone,
    test_colors_have_names,
    test_hints_as_a_list_and_in_cielab_are_loaded,
    test_the_rest_and_a_color_are_kept,
    test_the_whole_edit_is_saved_and_loaded,
)
from static_serving import serving_files
from tinct.web.static_site import write_site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    write_site(folder)
    with serving_files(folder) as found:
        yield found
