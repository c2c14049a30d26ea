#include "libs/personal_data/export_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"

#include "libs/testing/status_matchers.h"

namespace lmsmail::personal_data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FakeData final : public PersonalData {
 public:
  std::string json;
  std::string asked;

  absl::StatusOr<bool> Erase(const Person&, absl::Time) override { return true; }
  absl::StatusOr<std::string> Export(std::string_view recipient_id, std::string_view address,
                                     absl::Time) override {
    asked = std::string(recipient_id) + " " + std::string(address);
    return json;
  }
};

TEST(ExportHandlersTest, ExportsRecordsWithWhatIsSerializedInThem) {
  google::protobuf::Struct context;
  (*context.mutable_fields())["word"].set_string_value("Amira");
  FakeData data;
  data.json = R"({"messages": [{"id": "7", "context": ")" +
              absl::Base64Escape(context.SerializeAsString()) +
              R"("}, {"id": "8", "context": null}, {"id": "9", "context": "!"}], "none": []})";
  ExportHandlers handlers(data,
                          {{"messages", "context", google::protobuf::Struct::default_instance()},
                           {"events", "body", google::protobuf::Struct::default_instance()}});
  type::v1::ExportRecipientRequest request;
  request.set_name("recipients/amira");
  request.set_email_address("Amira@Students.Example");
  type::v1::ExportRecipientResponse response;
  ASSERT_OK(handlers.ExportRecipient({}, request, response));
  EXPECT_EQ(data.asked, "amira Amira@students.example");
  const auto& messages = response.data().fields().at("messages").list_value();
  ASSERT_EQ(messages.values_size(), 3);
  const auto& first = messages.values(0).struct_value().fields();
  EXPECT_EQ(first.at("context").struct_value().fields().at("word").string_value(), "Amira");
  EXPECT_EQ(messages.values(2).struct_value().fields().at("context").string_value(), "!");
}

TEST(ExportHandlersTest, NamesWhatIsWrongWithARequest) {
  FakeData data;
  ExportHandlers handlers(data);
  type::v1::ExportRecipientRequest request;
  request.set_name("amira");
  request.set_email_address("amira");
  type::v1::ExportRecipientResponse response;
  EXPECT_THAT(handlers.ExportRecipient({}, request, response),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("name"), HasSubstr("email_address"))));
}

}  // namespace
}  // namespace lmsmail::personal_data
