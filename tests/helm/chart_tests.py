"""All tests of the chart; unittest runs them from here."""

# pylint: disable=unused-wildcard-import,wildcard-import
from configuration_tests import *
from consistency_tests import *
from network_tests import *
from object_tests import *
from refusal_tests import *
