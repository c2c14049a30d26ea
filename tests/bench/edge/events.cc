#include "tests/bench/edge/events.h"

#include <fmt/format.h>

#include <fstream>
#include <string_view>

namespace lmsmail::bench {
namespace {

namespace pb = lmsmail::dispatch::v1;

constexpr std::int64_t kTime = 1'800'000'000;  // of all events; the log replaces it by its own

}  // namespace

absl::StatusOr<std::vector<SentMail>> ReadMails(const std::string& path) {
  std::ifstream file(path);
  std::vector<SentMail> mails;
  for (SentMail mail; file >> mail.id >> mail.message_id;) mails.push_back(mail);
  if (mails.empty()) return absl::NotFoundError("no mails in " + path);
  return mails;
}

std::vector<pb::RecordEventsRequest> EventsOf(const std::vector<SentMail>& mails, int size) {
  std::vector<pb::RecordEventsRequest> requests;
  const auto add = [&](const SentMail& mail, pb::ProviderEvent::Type type,
                       std::string_view detail) {
    if (requests.empty() || requests.back().events_size() == size) requests.emplace_back();
    pb::ProviderEvent& event = *requests.back().add_events();
    event.set_event_id(fmt::format("ZGVsaXZlcmVkLTAtMzY0-{}-{}", mail.id, static_cast<int>(type)));
    event.set_type(type);
    event.set_message_id(mail.message_id);
    event.mutable_event_time()->set_seconds(kTime);
    event.set_detail(std::string(detail));
  };
  for (std::size_t i = 0; i < mails.size(); ++i) {
    add(mails[i], pb::ProviderEvent::TYPE_DELIVERED, "250 2.0.0 OK 1600112492 a14si123");
    if (i % 2 == 0) add(mails[i], pb::ProviderEvent::TYPE_OPENED, "");
    if (i % 10 == 0) add(mails[i], pb::ProviderEvent::TYPE_CLICKED, "https://learn.example");
  }
  return requests;
}

std::string ToSendgrid(const pb::RecordEventsRequest& events) {
  std::string body = "[";
  for (const pb::ProviderEvent& event : events.events()) {
    const std::string_view type = event.type() == pb::ProviderEvent::TYPE_DELIVERED ? "delivered"
                                  : event.type() == pb::ProviderEvent::TYPE_OPENED  ? "open"
                                                                                    : "click";
    const std::string_view member =
        event.type() == pb::ProviderEvent::TYPE_DELIVERED ? "response" : "url";
    body += fmt::format(
        R"({}{{"email":"student@students.test","timestamp":{},"event":"{}","{}":"{}",)"
        R"("sg_event_id":"{}","sg_message_id":"14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",)"
        R"("smtp-id":"{}","lms_message_id":"{}","useragent":"Mozilla/5.0","ip":"192.0.2.1"}})",
        body.size() == 1 ? "" : ",", event.event_time().seconds(), type, member, event.detail(),
        event.event_id(), event.message_id(), event.message_id());
  }
  return body + "]";
}

}  // namespace lmsmail::bench
