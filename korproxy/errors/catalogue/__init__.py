"""The built-in codes, one module per category. Data only."""

from korproxy.errors.catalogue.auth import AUTH
from korproxy.errors.catalogue.conf import CONF
from korproxy.errors.catalogue.net import NET
from korproxy.errors.catalogue.prov import PROV
from korproxy.errors.catalogue.rate import RATE
from korproxy.errors.catalogue.system import SYS
from korproxy.errors.codes import ErrorCode

BUILTIN_CODES: tuple[ErrorCode, ...] = (*AUTH, *PROV, *CONF, *NET, *RATE, *SYS)
