#include "tests/bench/load/mails.h"

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>

#include <string_view>

namespace lmsmail::bench {
namespace {

using google::protobuf::Struct;

google::protobuf::Value& Field(Struct& in, const std::string& key) {
  return (*in.mutable_fields())[key];
}

Struct& StructIn(Struct& parent, const std::string& key) {
  return *Field(parent, key).mutable_struct_value();
}

void Set(Struct& in, const std::string& key, std::string_view value) {
  Field(in, key).set_string_value(value.data(), value.size());
}

// Fills in the values of one mail, about 700 octets.
void FillContext(Struct& context, std::int64_t number) {
  Struct& course = StructIn(context, "course");
  Set(course, "title", "Watercolour & Ink: First Steps");
  Set(course, "url", "https://learn.example/courses/watercolour-and-ink");
  Set(course, "instructor_name", fmt::format("Zoë {}", number));  // no two contexts are equal
  auto& items = *Field(context, "items").mutable_list_value();
  for (int i = 1; i <= 3; ++i) {
    Struct& item = *items.add_values()->mutable_struct_value();
    Set(item, "title", fmt::format("Lesson {}: Wet-on-Wet Skies", i));
    Set(item, "kind", "video");
    Field(item, "duration_minutes").set_number_value(9 + i);
    Set(item, "url", fmt::format("https://learn.example/courses/watercolour/lessons/{}", i));
  }
}

}  // namespace

std::string StudentName(std::int64_t number) {
  return fmt::format("recipients/student-{}", number);
}
std::string ProbeName(std::int64_t number) { return fmt::format("recipients/probe-{}", number); }

dispatch::v1::BatchHeader BulkHeader(const std::string& request_id) {
  dispatch::v1::BatchHeader header;
  header.set_request_id(request_id);
  header.set_template_(std::string(kTemplate));
  header.set_lane(type::v1::LANE_BULK);
  return header;
}

dispatch::v1::SendBulkRequest BulkChunk(std::int64_t first, std::int64_t count,
                                        std::int64_t recipients) {
  dispatch::v1::SendBulkRequest chunk;
  chunk.mutable_items()->Reserve(static_cast<int>(count));
  for (std::int64_t number = first; number < first + count; ++number) {
    auto& item = *chunk.add_items();
    item.mutable_target()->set_recipient(StudentName(number % recipients));
    FillContext(*item.mutable_context(), number);
  }
  return chunk;
}

dispatch::v1::SendRequest SingleSend(const std::string& run, std::int64_t number,
                                     std::int64_t recipients) {
  dispatch::v1::SendRequest request;
  request.set_request_id(fmt::format("{}/{}", run, number));
  request.set_template_(std::string(kTemplate));
  request.set_lane(type::v1::LANE_TRANSACTIONAL);
  request.mutable_target()->set_recipient(StudentName(number % recipients));
  FillContext(*request.mutable_context(), number);
  return request;
}

dispatch::v1::SendRequest ProbeSend(const std::string& run, std::int64_t number) {
  dispatch::v1::SendRequest request;
  request.set_request_id(fmt::format("{}/{}", run, number));
  request.set_template_(std::string(kUrgentTemplate));
  request.mutable_target()->set_recipient(ProbeName(number % kProbes));
  Struct& payment = StructIn(*request.mutable_context(), "payment");
  Struct& amount = StructIn(payment, "amount");
  Set(amount, "amount_minor", "14900");
  Set(amount, "currency_code", "EUR");
  Set(payment, "reference", fmt::format("PAY-{}", number));
  Set(payment, "paid_date", "2026-11-24");
  Set(payment, "description", "Statistics Without Fear, full course");
  return request;
}

}  // namespace lmsmail::bench
