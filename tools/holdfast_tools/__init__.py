"""The one door through which every tool call passes. Knows no graph, no server and no database."""

from holdfast_tools.call import CallContext, CallScope, ToolCall, current_call
from holdfast_tools.decision import Allow, Deny, Hold
from holdfast_tools.errors import FatalToolError, HoldfastToolError, RecoverableToolError, UnknownSecret
from holdfast_tools.gateway import Gateway
from holdfast_tools.ledger import EffectLedger, use_ledger
from holdfast_tools.policy import Approval, Budget, Policy
from holdfast_tools.secrets import SecretResolver, secret, secret_now, use_secrets
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
    "SecretResolver",
    "ToolCall",
    "UnknownSecret",
    "current_call",
    "policy_of",
    "secret",
    "secret_now",
    "tool",
    "use_ledger",
    "use_secrets",
]
