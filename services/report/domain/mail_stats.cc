#include "services/report/domain/mail_stats.h"

namespace lmsmail::report {

MailStats TotalOf(absl::Span<const MailStats> stats) {
  MailStats total;
  for (const MailStats& day : stats) {
    total.sent_count += day.sent_count;
    total.skipped_count += day.skipped_count;
    total.failed_count += day.failed_count;
    total.bounced_count += day.bounced_count;
    total.opened_count += day.opened_count;
    total.clicked_count += day.clicked_count;
    total.dropped_count += day.dropped_count;
    total.complained_count += day.complained_count;
  }
  return total;
}

}  // namespace lmsmail::report
