"""When a rollout may start: open windows, and the approval of a second operator.

Both are asked for by the policies of :class:`bunker.fleet.settings.FleetSettings`, by group.
"""

from bunker.approvals.approval import Approval, already_used, require_approval
from bunker.approvals.subject import ApprovalSubject
from bunker.approvals.windows import check_window, is_open, next_opening, policy_groups
