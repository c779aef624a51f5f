"""What verbs share: how a line is read, how several things are worked on, how a list or a terminal looks.

Knows no verb. A verb imports from here what it uses, as each import is a part of its start.
"""
