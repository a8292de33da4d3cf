"""The defaults of every setting, as a Flask pyfile.

Never imported: ``lending/settings.py`` reads it, then the file named by ``LENDING_CONFIG`` (the same form, only what
differs), then the variables ``LENDING_<NAME>``. A name that is not here is refused. ``None``: worked out, as said.
"""

# demonstration: demonstration data on the first start. development: the same, with a debugger. testing: the tests.
# production: nothing is made up; SECRET_KEY and DATABASE_URL must be given.
PROFILE = "demonstration"

# None: a SQLite file in the instance folder. PostgreSQL: "postgresql+psycopg://user:password@host/name".
DATABASE_URL = None
# Signs sessions and tokens, and hides the secrets of second factors and of webhooks; at least 32 characters. With
# another one everybody signs in again, whoever has a second factor comes in by a recovery code and sets up a new one,
# and each webhook needs a new secret. None: made once and kept in the instance folder, not in production.
SECRET_KEY = None
# "system", or "file:PATH" to travel in time: the file holds one ISO instant. Refused in production.
CLOCK = "system"
LOG_LEVEL = "INFO"

# Where the web door listens, and the names it answers to (".example.org" includes subdomains).
BIND = "127.0.0.1:8000"
# Processes, and threads in each. SQLite has one writer: there one process, whose threads queue, serves best.
WEB_WORKERS = 1
WEB_THREADS = 8
# Where the public reaches these pages, "https://kits.example.org": the links in notices begin with it. None: notices
# have no links, and nobody is written to about the survey of a workshop.
SITE_URL = None
TRUSTED_HOSTS = "localhost, 127.0.0.1, [::1]"
# How many reverse proxies stand before it; exactly, because each one may claim an address.
PROXY_HOPS = 0
# Addresses, and no others, that may read /metrics. A proxy on this machine has one of them: it must pass /metrics on to
# nobody. One that shows itself is refused, by the headers it adds or the name it asks for.
METRICS_FROM = "127.0.0.1, ::1"
# None: yes in production. Cookies over https only.
SECURE_COOKIES = None
# A desk stays signed in for a shift, lunch included.
SESSION_HOURS = 12
MAX_UPLOAD_BYTES = 16 * 1024 * 1024
# Where the SIP2 door for self-check machines will listen. It is still to come.
SIP2_BIND = "127.0.0.1:6001"

# "smtp://host:port", "smtps://user:password@host:port". None: mail is written to the log of notices and marked so.
SMTP_URL = None
MAIL_FROM = "library@example.org"
# Where mail servers' reports of what could not be delivered may be posted. None: nowhere. 32 characters nobody guesses.
BOUNCE_SECRET = None
# How many notices of a heap leave in a second at most, so that desks wait for no post and mail servers are not overrun;
# 0: as many as can. The same of messages to each webhook.
NOTICES_A_SECOND = 5
# A gateway for text messages (docs/gateways.md). None: texts are written to the log of notices and marked so.
TEXT_URL = None
# Signs what goes to the gateway and what comes from it, at least 32 characters. None: nothing comes from it.
TEXT_SECRET = None

# Webhooks go over https to the public internet, and nowhere else (docs/webhooks.md). Here the networks of your own that
# they may go to besides, "10.20.0.0/16, 192.168.7.5", over http too. None: to none.
WEBHOOK_NETWORKS = None

# Asked every five minutes while no job is late, so that a watchman elsewhere notices when this machine is gone.
PING_URL = None
# Where the nightly copies of the database go. None: the folder "backups" in the instance folder.
BACKUP_FOLDER = None
# How many nights are kept; 0: this program makes no copies, somebody else does.
BACKUPS_KEPT = 14
# A mail address that is sent the journal's head every night, out of reach of whoever could cut the journal off.
JOURNAL_HEAD_TO = None
# The file with the key of the sealed ledger of ECF equipment, made when it is first needed. Keep a copy of it yourself,
# apart from the copies of the database: nobody can make it again. None: "ledger_key" in the instance folder.
LEDGER_KEY_FILE = None

# The library's own sign-in service for staff (OpenID Connect; install the extra "openid"). All three, or none: then
# nothing of it is shown. It is told to send people back to /sign-in/service/back of this library's own address.
OIDC_ISSUER = None
OIDC_CLIENT_ID = None
OIDC_CLIENT_SECRET = None

LIBRARY_NAME = "Public Library"
DEFAULT_LOCALE = "en"
# The zone of a branch that names none.
ZONE = "America/Los_Angeles"

# 14-digit library barcodes: [prefix][institution][8 digits][check digit]. 9999 is nobody's: ask your vendor for yours.
PATRON_CARD_PREFIX = "2"
ITEM_PREFIX = "3"
INSTITUTION = "9999"
# What a kit's code may look like besides, as a regular expression for the whole code.
KIT_CODE_PATTERN = r"KIT-\d{3,6}"
