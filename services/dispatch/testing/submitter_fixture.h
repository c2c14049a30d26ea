#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"

#include "libs/status/error_details.h"
#include "libs/testing/struct_from_json.h"
#include "services/dispatch/submission/submitter.h"
#include "services/dispatch/testing/fake_message_log.h"
#include "services/dispatch/testing/fake_peers.h"

namespace lmsmail::dispatch {

// A submitter whose store, log and templates are fakes, and the mails of its callers.
class SubmitterFixture : public testing::Test {
 protected:
  static std::vector<std::string> FieldsOf(const absl::Status& status) {
    std::vector<std::string> fields;
    for (const FieldViolation& violation : ViolationsOf(status)) fields.push_back(violation.field);
    return fields;
  }
  static MailHeader Header(std::string request_id = "enrollment/1") {
    MailHeader header;
    header.request_id = std::move(request_id);
    header.template_name = "templates/enrollment";
    return header;
  }
  MailItem To(std::string recipient = "recipients/ada") {
    MailItem item;
    item.target = Target{Target::Kind::kRecipient, std::move(recipient)};
    item.context = Context(R"({"minutes": 42})");
    return item;
  }
  static MailItem ToAddress(std::string address) {
    MailItem item;
    item.target = Target{Target::Kind::kAddress, std::move(address)};
    return item;
  }
  MailContext Context(google::protobuf::Struct values) {
    return MailContext(values_.emplace_back(std::move(values)));
  }
  MailContext Context(const std::string& json) { return Context(StructFromJson(json)); }
  absl::StatusOr<MessageRecord> Send(const MailHeader& header, MailItem item, std::int64_t digest) {
    absl::StatusOr<MessageRecord> result = absl::UnknownError("no result");
    absl::Notification done;
    submitter_.Send(header, std::move(item), digest, {}, absl::InfiniteFuture(),
                    [&](absl::StatusOr<SendResult> sent) {
                      if (sent.ok()) {
                        duplicate_ = sent->duplicate;
                        result = std::move(sent->record);
                      } else {
                        result = sent.status();
                      }
                      done.Notify();
                    });
    done.WaitForNotification();
    return result;
  }
  int Due() { return store_.WaitingCount(); }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeQueueStore store_{clock_};
  FakeMessageLog log_{store_};
  FakeTemplateSource templates_;
  std::atomic<int> accepted_ = 0;
  std::atomic<bool> duplicate_ = false;  // of the last Send that was accepted
  std::atomic<int> accepting_ = 0;
  std::atomic<int> due_ = 0;                     // mails accepted that were due
  std::deque<google::protobuf::Struct> values_;  // of the contexts
  Submitter submitter_{{.clock = clock_,
                        .templates = templates_,
                        .queue = store_,
                        .log = log_,
                        .transports = {"console", "smtp"},
                        .before_accept = [this](Lane) { ++accepting_; },
                        .accept_ended =
                            [this](Lane, int mails) {
                              --accepting_;
                              due_ += mails;
                            },
                        .after_accept = [this](Lane, int mails) { accepted_ += mails; }}};
};

}  // namespace lmsmail::dispatch
