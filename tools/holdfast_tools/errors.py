"""Every exception this package raises or gives a meaning to.

HoldfastToolError
├── BadTool               a tool was declared in a way that cannot work; raised when the module is imported
├── BadPolicy             a policy, budget or approval rule that cannot work; raised when it is built
├── UnknownSecret         `secret` was asked for something that is not there
├── NotInToolCall         `current_call()` was read outside a tool call
├── ToolTimeout           a call did not answer in time
├── RecoverableToolError  raised by a tool: the model should read the reason and try something else
└── FatalToolError        raised by a tool: stop the run, no model can mend this
"""


class HoldfastToolError(Exception):
    """Anything `holdfast_tools` has to say; catch it to catch the whole family."""


class BadTool(HoldfastToolError):
    """A tool's declaration cannot work. The message names the tool and the remedy."""


class BadPolicy(HoldfastToolError):
    """A policy, a budget or an approval rule cannot work. The message names the value and the remedy."""


class UnknownSecret(HoldfastToolError):
    """There is no secret of this name. The message never holds a value."""


class NotInToolCall(HoldfastToolError):
    """`current_call()` was read where no gateway is running a tool."""


class ToolTimeout(HoldfastToolError):
    """A tool call did not answer in time.

    The gateway raises it at the tool's `timeout`; a tool may raise it for a remote side that went silent.
    Of an `at_most_once` tool it means that nobody knows whether the effect happened, so a person is asked.
    """


class RecoverableToolError(HoldfastToolError):
    """Raised by a tool to tell the model why it cannot do this; the text reaches the model unchanged.

    >>> raise RecoverableToolError("invoice A-17 is already paid; look for an open one")
    """


class FatalToolError(HoldfastToolError):
    """Raised by a tool to stop the run; the gateway lets it through and leaves the effect unsettled."""
