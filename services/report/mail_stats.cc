#include "services/report/mail_stats.h"

namespace lmsmail::report {

dispatch::v1::MailStats TotalOf(absl::Span<const dispatch::v1::MailStats> stats) {
  dispatch::v1::MailStats total;
  for (const auto& day : stats) {
    total.set_sent_count(total.sent_count() + day.sent_count());
    total.set_skipped_count(total.skipped_count() + day.skipped_count());
    total.set_failed_count(total.failed_count() + day.failed_count());
    total.set_bounced_count(total.bounced_count() + day.bounced_count());
    total.set_opened_count(total.opened_count() + day.opened_count());
    total.set_clicked_count(total.clicked_count() + day.clicked_count());
    total.set_dropped_count(total.dropped_count() + day.dropped_count());
    total.set_complained_count(total.complained_count() + day.complained_count());
  }
  return total;
}

}  // namespace lmsmail::report
