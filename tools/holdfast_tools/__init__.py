"""The one door through which every tool call passes. Knows no graph, no server and no database."""

from holdfast_tools.call import CallContext, CallScope, ToolCall, current_call
from holdfast_tools.decision import Allow, Deny, Hold
from holdfast_tools.errors import FatalToolError, HoldfastToolError, RecoverableToolError
from holdfast_tools.gateway import Gateway
from holdfast_tools.ledger import EffectLedger, use_ledger
from holdfast_tools.policy import Approval, Budget, Policy
from holdfast_tools.tool import HoldfastTool, policy_of, tool

__all__ = [
    "Allow",
    "Approval",
    "Budget",
    "CallContext",
    "CallScope",
    "Deny",
    "EffectLedger",
    "FatalToolError",
    "Gateway",
    "Hold",
    "HoldfastTool",
    "HoldfastToolError",
    "Policy",
    "RecoverableToolError",
    "ToolCall",
    "current_call",
    "policy_of",
    "tool",
    "use_ledger",
]
