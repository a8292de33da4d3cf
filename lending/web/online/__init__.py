"""The pages of patrons: what is free, reserving, their kit, their place and their data, in their language.

Everything works without JavaScript and from 320 px. A page that shows what is somebody's asks for it by
``current.myself()`` alone, never by a name in its address. Source: SCREENS, "Patron pages".
"""
