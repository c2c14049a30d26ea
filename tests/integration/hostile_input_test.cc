// Input that attempts injection into headers, HTML or the SMTP dialogue, or exhaustion of memory.
// The services must be serving after each test.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "libs/rpc/testing/matchers.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/mail_matchers.h"
#include "tests/integration/suite/suite_test.h"

namespace lmsmail::integration {
namespace {

using rpc::HasViolation;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace pb = dispatch::v1;
namespace tpl = templates::v1;

using namespace std::string_view_literals;

// Octets that would end a header line, or a string in some layer.
constexpr std::string_view kBreaks[] = {"\r\nBcc: victim@students.example",
                                        "\nBcc: victim@x.example",
                                        "\rX-Evil: 1",
                                        "\0hidden"sv,
                                        "\x1b[2J",
                                        "\x7f"};

class HostileInputTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    StartSuite({.services = {"template", "preference", "dispatch"}});
    ASSERT_OK(CreateGreeting(suite(), "greeting", type::v1::CATEGORY_PAYMENT));
  }

  void TearDown() override {
    for (const std::string_view service : suite().services()) {
      EXPECT_THAT(suite().IsServing(service), IsOkAndHolds(true)) << service;
    }
  }

  static pb::SendRequest GreetWith(std::string_view student, std::string_view word) {
    pb::SendRequest request = Greet("greeting", student, fmt::format("greet/{}", student));
    (*request.mutable_context()->mutable_fields())["word"].set_string_value(std::string(word));
    return request;
  }
};

TEST_F(HostileInputTest, RejectsControlCharactersInAddressesAndNames) {
  for (const std::string_view bad : kBreaks) {
    preference::v1::UpsertRecipientsRequest request;
    auto& recipient = *request.add_recipients();
    recipient.set_name(NameOf("mallory"));
    recipient.set_email_address(fmt::format("mallory@students.example{}", bad));
    recipient.set_display_name(fmt::format("Mallory{}", bad));
    recipient.set_given_name(fmt::format("Mal{}", bad));
    const auto upserted = Call(suite().preferences(), &Preferences::UpsertRecipients, request);
    ASSERT_TRUE(upserted.ok()) << upserted.status();
    EXPECT_THAT(
        upserted->results(0).status().message(),
        AllOf(HasSubstr("email_address"), HasSubstr("display_name"), HasSubstr("given_name")));

    pb::SendRequest send = GreetWith("unused", "world");
    send.mutable_target()->set_email_address(fmt::format("mallory@students.example{}", bad));
    send.set_request_id(fmt::format("key{}", bad));
    (*send.mutable_labels())[fmt::format("label{}", bad)] = "x";
    EXPECT_THAT(Send(suite(), send),
                AllOf(HasViolation("target.email_address", _), HasViolation("request_id", _),
                      HasViolation("labels", _)));
  }
}

TEST_F(HostileInputTest, RejectsLineBreakInTemplateSubject) {
  tpl::CreateTemplateRequest request;
  request.set_template_id("two-lines");
  request.set_request_id("two-lines");
  request.mutable_template_()->set_category(type::v1::CATEGORY_PAYMENT);
  auto& content = *request.mutable_template_()->add_contents();
  content.set_language_code("en");
  content.set_subject("Hello\r\nBcc: victim@students.example");
  content.set_html("x");
  content.set_text("x");
  EXPECT_THAT(Call(suite().templates(), &Templates::CreateTemplate, request),
              HasViolation("template.contents[0].subject", _));
}

TEST_F(HostileInputTest, VariableCannotAddHeader) {
  ASSERT_OK(Register(suite(), {"injected", "victim"}));
  ASSERT_OK(Send(suite(), GreetWith("injected", "x\r\nBcc: victim@students.example\r\n\r\nbody")));
  ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf("injected")));
  EXPECT_THAT(mail, IsWellFormedTo(AddressOf("injected")));
  EXPECT_THAT(mail, LacksHeader("bcc"));
  EXPECT_THAT(mail, HasHeader("subject", HasSubstr("Hello x")));
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("victim")), 0);
}

TEST_F(HostileInputTest, VariableCannotSmuggleSecondMail) {
  ASSERT_OK(Register(suite(), {"smuggled"}));
  constexpr std::string_view kSmuggling =
      "x\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<victim@students.example>\r\nDATA\r\n";
  for (const std::string_view ending : {"\r\n.\r\n"sv, "\n.\n"sv, "\r.\r"sv}) {
    const auto before = suite().inbox().CountTo(AddressOf("smuggled"));
    pb::SendRequest request = GreetWith("smuggled", fmt::format("{}{}end", kSmuggling, ending));
    request.set_request_id(fmt::format("smuggled/{}", before));
    ASSERT_OK(Send(suite(), request));
    ASSERT_OK_AND_ASSIGN(const auto mails,
                         suite().inbox().WaitFor(AddressOf("smuggled"), before + 1));
    EXPECT_THAT(mails.back(), IsWellFormedTo(AddressOf("smuggled")));
    EXPECT_THAT(mails.back().text(), AllOf(HasSubstr("RCPT TO:<victim"), HasSubstr("end")));
  }
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("victim")), 0);
}

TEST_F(HostileInputTest, VariableCannotAddHtml) {
  ASSERT_OK(Register(suite(), {"scripted"}));
  ASSERT_OK(Send(suite(), GreetWith("scripted", "<script>alert('1')</script>{{word}}")));
  ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf("scripted")));
  EXPECT_THAT(mail.html(), AllOf(HasSubstr("&lt;script&gt;"), Not(HasSubstr("<script>"))));
  EXPECT_THAT(mail.text(), HasSubstr("<script>alert('1')</script>{{word}}"));
}

TEST_F(HostileInputTest, RejectsLargeContext) {
  EXPECT_THAT(Send(suite(), GreetWith("large", std::string(1 << 20, 'x'))),
              HasViolation("context", HasSubstr("at most")));
  // Exceeds the maximum message size of the server.
  EXPECT_THAT(Send(suite(), GreetWith("huge", std::string(5 << 20, 'x'))),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(HostileInputTest, RejectsDeeplyNestedContext) {
  pb::SendRequest request = GreetWith("deep", "world");
  google::protobuf::Struct* level = request.mutable_context();
  for (int i = 0; i < 32; ++i) {
    level = (*level->mutable_fields())["deeper"].mutable_struct_value();
  }
  (*level->mutable_fields())["bottom"].set_bool_value(true);
  EXPECT_THAT(Send(suite(), request), HasViolation("context", HasSubstr("levels")));
  // Exceeds the recursion limit of Protobuf.
  for (int i = 0; i < 1000; ++i) {
    level = (*level->mutable_fields())["deeper"].mutable_struct_value();
  }
  EXPECT_THAT(Send(suite(), request), Not(IsOk()));
}

TEST_F(HostileInputTest, RejectsDeeplyNestedSections) {
  constexpr int kDepth = 10'000;
  std::string text;
  for (int i = 0; i < kDepth; ++i) text += "{{#a}}";
  for (int i = 0; i < kDepth; ++i) text += "{{/a}}";
  tpl::RenderTemplateRequest preview;
  auto& content = *preview.mutable_unsaved()->add_contents();
  preview.mutable_unsaved()->set_category(type::v1::CATEGORY_PAYMENT);
  content.set_language_code("en");
  content.set_subject("x");
  content.set_html("x");
  content.set_text(text);
  auto& variable = *preview.mutable_unsaved()->add_variables();
  variable.set_name("a");
  variable.set_type(tpl::Variable::TYPE_BOOLEAN);
  EXPECT_THAT(Call(suite().templates(), &Templates::RenderTemplate, preview),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("contents[0].text")));

  tpl::CreateTemplateRequest create;
  create.set_template_id("nested");
  create.set_request_id("nested");
  *create.mutable_template_() = preview.unsaved();
  EXPECT_THAT(Call(suite().templates(), &Templates::CreateTemplate, create),
              HasViolation("template.contents[0].text", _));
}

TEST_F(HostileInputTest, RejectsInvalidUtf8) {
  // Protobuf rejects it when it serializes or parses; the service must continue.
  preference::v1::UpsertRecipientsRequest request;
  auto& recipient = *request.add_recipients();
  recipient.set_name(NameOf("bytes"));
  recipient.set_email_address(AddressOf("bytes"));
  recipient.set_display_name("\xff\xfe\xc3");
  EXPECT_THAT(Call(suite().preferences(), &Preferences::UpsertRecipients, request), Not(IsOk()));
}

}  // namespace
}  // namespace lmsmail::integration
