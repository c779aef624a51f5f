"""The template language of Go (pkg.go.dev/text/template), as far as Docker's users write it in `--format`.

Text and `{{actions}}` (`lexer`) become a tree (`parser`, `nodes`), which is carried out over plain values (`evaluate`,
`functions`) that print as Go prints them (`printing`, `printf`). Knows no listing. Missing on purpose: `define`,
`template`, `block` (nobody names a part of one line), `call`, and what escapes for the web. Every template ends:
there is no recursion, and a budget of steps and of text.
"""
