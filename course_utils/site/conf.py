"""Sphinx's settings for the site: the outputs stand in the lessons, and nothing comes from another computer."""

from course_utils.site.extension import PAGE_TITLE

project = PAGE_TITLE
author = "the authors of the course"
extensions = ["myst_nb", "course_utils.site.extension"]
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_title = PAGE_TITLE
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses over file://
html_favicon = "static/icon.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_context = {"default_mode": "auto"}  # the reader's own theme, until they choose
html_theme_options = {
    "use_download_button": False,  # each lesson has its own links
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "footer_content_items": [],
}
