#include "services/template/api/template_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/matchers.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"
#include "services/template/api/convert.h"
#include "services/template/domain/built_in_template.h"
#include "services/template/storage/in_memory_template_store.h"
#include "services/template/testing/sample_content.h"

namespace lmsmail::templates {
namespace {

using rpc::HasReason;
using rpc::HasViolation;
using ::testing::_;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TemplateServiceTest : public ::testing::Test {
 protected:
  using Stub = v1::TemplateService::StubInterface;

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    return rpc::Call(*stub_, method, request, rpc::WithTimeout(absl::Seconds(20)));
  }

  static v1::CreateTemplateRequest NewTemplate(const std::string& id = "welcome",
                                               const std::string& text = "v1") {
    v1::CreateTemplateRequest request;
    request.set_template_id(id);
    request.set_request_id("create-" + id);
    request.mutable_template_()->set_category(lmsmail::type::v1::CATEGORY_ENROLLMENT);
    request.mutable_template_()->set_display_name("Welcome");
    ContentToProto(SampleContent(text), *request.mutable_template_());
    return request;
  }
  absl::StatusOr<v1::Template> Create(const v1::CreateTemplateRequest& request) {
    return Call(&Stub::CreateTemplate, request);
  }
  absl::StatusOr<v1::Template> Get(const std::string& name) {
    v1::GetTemplateRequest request;
    request.set_name(name);
    return Call(&Stub::GetTemplate, request);
  }
  absl::StatusOr<v1::TemplateVersion> GetVersion(const std::string& name) {
    v1::GetTemplateVersionRequest request;
    request.set_name(name);
    return Call(&Stub::GetTemplateVersion, request);
  }
  absl::StatusOr<v1::ListTemplatesResponse> List(int size, const std::string& token = "",
                                                 bool show_deleted = false) {
    v1::ListTemplatesRequest request;
    request.set_page_size(size);
    request.set_page_token(token);
    request.set_show_deleted(show_deleted);
    return Call(&Stub::ListTemplates, request);
  }
  static std::vector<std::string> Names(const v1::ListTemplatesResponse& page) {
    std::vector<std::string> names;
    for (const v1::Template& message : page.templates()) names.push_back(message.name());
    return names;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  InMemoryTemplateStore store_;
  Catalog catalog_{store_, clock_};
  Preview preview_{catalog_, 8};
  BuiltInInstaller installer_{store_, clock_, BuiltInTemplates().value()};
  rpc::TestRunner runner_;
  TemplateHandlers template_handlers_{catalog_, installer_};
  VersionHandlers version_handlers_{catalog_, preview_};
  TemplateService service_{runner_.get(), template_handlers_, version_handlers_,
                           runner_.audit_handlers()};
  rpc::InProcessServer server_{{rpc::Host<v1::TemplateService>(service_)}};
  std::unique_ptr<v1::TemplateService::Stub> stub_ = server_.NewStub<v1::TemplateService>();
};

TEST_F(TemplateServiceTest, ReturnsTheCreatedTemplate) {
  const v1::CreateTemplateRequest request = NewTemplate();
  ASSERT_OK_AND_ASSIGN(const v1::Template created, Create(request));
  EXPECT_EQ(created.name(), "templates/welcome");
  EXPECT_EQ(created.category(), lmsmail::type::v1::CATEGORY_ENROLLMENT);
  EXPECT_EQ(created.version(), 1);
  EXPECT_EQ(created.latest_version(), 1);
  EXPECT_EQ(created.published_version(), 0);
  EXPECT_EQ(created.create_time().seconds(), 1'700'000'000);
  EXPECT_FALSE(created.has_delete_time());
  EXPECT_FALSE(created.etag().empty());
  ASSERT_OK_AND_ASSIGN(const v1::Template got, Get("templates/welcome"));
  EXPECT_EQ(got.SerializeAsString(), created.SerializeAsString());
  Violations violations;
  EXPECT_EQ(ContentFromProto(got, violations), SampleContent("v1"));
  EXPECT_TRUE(violations.empty());
}

TEST_F(TemplateServiceTest, ReportsAllViolations) {
  v1::CreateTemplateRequest request = NewTemplate("Not An Id");
  request.set_request_id("");
  v1::Template& message = *request.mutable_template_();
  message.clear_category();
  message.mutable_contents(0)->set_html("a\nb {{nobody}}");
  message.mutable_variables(0)->clear_type();
  message.mutable_variables(1)->mutable_sample()->set_string_value("x");
  message.mutable_variables(3)->mutable_sample()->set_string_value("twelve");
  const auto status = Create(request);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(
      status,
      AllOf(
          HasViolation("template_id", _), HasViolation("request_id", _),
          HasViolation("template.category", _), HasViolation("template.variables[0].type", _),
          HasViolation("template.variables[1].sample", HasSubstr("of their fields")),
          HasViolation("template.variables[3].sample", "is not a number"),
          HasViolation("template.contents[0].html", "line 2, column 3: 'nobody' is not declared")));
}

TEST_F(TemplateServiceTest, RejectsARequestIdWithAnotherBody) {
  ASSERT_OK(Create(NewTemplate()));
  EXPECT_OK(Create(NewTemplate()));
  v1::CreateTemplateRequest other = NewTemplate();
  other.set_publish(true);
  EXPECT_THAT(Create(other),
              AllOf(StatusIs(absl::StatusCode::kAlreadyExists), HasReason("REQUEST_ID_REUSED")));
  other.set_request_id("another");
  EXPECT_THAT(Create(other), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(TemplateServiceTest, RejectsInvalidNames) {
  for (const char* name : {"", "welcome", "templates/", "templates/A"}) {
    EXPECT_THAT(Get(name), HasViolation("name", HasSubstr("templates/{template}"))) << name;
  }
  EXPECT_THAT(Get("templates/none"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(GetVersion("templates/none/versions/0"), HasViolation("name", _));
}

TEST_F(TemplateServiceTest, UpdatesTheFieldsOfTheMask) {
  ASSERT_OK(Create(NewTemplate()));
  v1::UpdateTemplateRequest request;
  request.mutable_template_()->set_name("templates/welcome");
  request.mutable_template_()->set_description("When somebody joins");
  ASSERT_OK_AND_ASSIGN(v1::Template updated, Call(&Stub::UpdateTemplate, request));
  EXPECT_EQ(updated.description(), "When somebody joins");
  EXPECT_EQ(updated.display_name(), "Welcome");
  EXPECT_EQ(updated.latest_version(), 1);

  request.mutable_update_mask()->add_paths("display_name");
  request.mutable_template_()->set_description("ignored");
  ASSERT_OK_AND_ASSIGN(updated, Call(&Stub::UpdateTemplate, request));
  EXPECT_EQ(updated.description(), "When somebody joins");
  EXPECT_EQ(updated.display_name(), "");

  request.mutable_update_mask()->add_paths("category");
  request.mutable_update_mask()->add_paths("contents");
  EXPECT_THAT(Call(&Stub::UpdateTemplate, request),
              AllOf(HasViolation("update_mask", HasSubstr("category")),
                    HasViolation("template.contents", HasSubstr("is required"))));
}

TEST_F(TemplateServiceTest, AbortsOnAnOutdatedEtag) {
  ASSERT_OK_AND_ASSIGN(const v1::Template created, Create(NewTemplate()));
  v1::UpdateTemplateRequest request;
  *request.mutable_template_() = created;
  request.mutable_template_()->clear_contents();
  request.mutable_template_()->clear_variables();
  ContentToProto(SampleContent("v2"), *request.mutable_template_());
  request.set_publish(true);
  ASSERT_OK_AND_ASSIGN(const v1::Template updated, Call(&Stub::UpdateTemplate, request));
  EXPECT_EQ(updated.version(), 2);
  EXPECT_EQ(updated.published_version(), 2);
  EXPECT_THAT(Call(&Stub::UpdateTemplate, request),
              AllOf(StatusIs(absl::StatusCode::kAborted), HasReason("ETAG_MISMATCH")));
}

TEST_F(TemplateServiceTest, PublishesRollsBackDeletesAndUndeletes) {
  v1::CreateTemplateRequest create = NewTemplate();
  create.set_publish(true);
  ASSERT_OK(Create(create));
  v1::RollbackTemplateRequest rollback;
  rollback.set_name("templates/welcome");
  EXPECT_THAT(Call(&Stub::RollbackTemplate, rollback), HasReason("NOTHING_TO_ROLL_BACK"));
  v1::UpdateTemplateRequest update;
  update.mutable_template_()->set_name("templates/welcome");
  ContentToProto(SampleContent("v2"), *update.mutable_template_());
  ASSERT_OK(Call(&Stub::UpdateTemplate, update));

  v1::PublishTemplateRequest publish;
  publish.set_name("templates/welcome");
  EXPECT_EQ(Call(&Stub::PublishTemplate, publish)->published_version(), 2);
  EXPECT_EQ(GetVersion("templates/welcome/versions/published")->version(), 2);
  publish.set_version(-1);
  EXPECT_THAT(Call(&Stub::PublishTemplate, publish), HasViolation("version", _));
  EXPECT_EQ(Call(&Stub::RollbackTemplate, rollback)->published_version(), 1);

  v1::DeleteTemplateRequest remove;
  remove.set_name("templates/welcome");
  EXPECT_TRUE(Call(&Stub::DeleteTemplate, remove)->has_delete_time());
  EXPECT_THAT(GetVersion("templates/welcome/versions/published"), HasReason("TEMPLATE_DELETED"));
  ASSERT_OK_AND_ASSIGN(const auto kept, GetVersion("templates/welcome/versions/1"));
  EXPECT_EQ(kept.name(), "templates/welcome/versions/1");
  EXPECT_EQ(kept.digest(), DigestOf(SampleContent("v1")));
  EXPECT_EQ(kept.contents_size(), 1);
  EXPECT_EQ(List(10)->templates_size(), 0);
  EXPECT_EQ(List(10, "", true)->templates_size(), 1);

  v1::UndeleteTemplateRequest undelete;
  undelete.set_name("templates/welcome");
  EXPECT_FALSE(Call(&Stub::UndeleteTemplate, undelete)->has_delete_time());
}

TEST_F(TemplateServiceTest, ListsTemplatesInPages) {
  for (const char* id : {"a", "b", "c"}) ASSERT_OK(Create(NewTemplate(id)));
  ASSERT_OK_AND_ASSIGN(const auto first, List(2));
  EXPECT_THAT(Names(first), ElementsAre("templates/a", "templates/b"));
  EXPECT_EQ(first.templates(0).contents_size(), 0);
  ASSERT_OK_AND_ASSIGN(const auto second, List(2, first.next_page_token()));
  EXPECT_THAT(Names(second), ElementsAre("templates/c"));
  EXPECT_EQ(second.next_page_token(), "");
  EXPECT_THAT(List(2, "garbage"), HasViolation("page_token", _));
  EXPECT_THAT(List(2, first.next_page_token(), true), HasViolation("page_token", _));
  EXPECT_THAT(List(-1), HasViolation("page_size", _));
}

TEST_F(TemplateServiceTest, ListsVersionsInPages) {
  ASSERT_OK(Create(NewTemplate()));
  v1::UpdateTemplateRequest update;
  update.mutable_template_()->set_name("templates/welcome");
  ContentToProto(SampleContent("v2"), *update.mutable_template_());
  ASSERT_OK(Call(&Stub::UpdateTemplate, update));

  v1::ListTemplateVersionsRequest request;
  request.set_parent("templates/welcome");
  request.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(auto page, Call(&Stub::ListTemplateVersions, request));
  ASSERT_EQ(page.versions_size(), 1);
  EXPECT_EQ(page.versions(0).name(), "templates/welcome/versions/2");
  request.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(page, Call(&Stub::ListTemplateVersions, request));
  ASSERT_EQ(page.versions_size(), 1);
  EXPECT_EQ(page.versions(0).version(), 1);
  EXPECT_EQ(page.next_page_token(), "");
  request.set_parent("templates/none");
  request.clear_page_token();
  EXPECT_THAT(Call(&Stub::ListTemplateVersions, request), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TemplateServiceTest, RendersWithSamplesOrGivenValues) {
  ASSERT_OK(Create(NewTemplate("welcome", "Text.")));
  v1::RenderTemplateRequest request;
  request.set_name("templates/welcome");
  request.set_language_code("sv");
  ASSERT_OK_AND_ASSIGN(auto mail, Call(&Stub::RenderTemplate, request));
  EXPECT_EQ(mail.subject(), "Hello Zoë");
  EXPECT_EQ(mail.html(), "<p>Text.</p><b>Turner&#39;s Skies</b><b>Turner&#39;s Skies</b>");
  EXPECT_EQ(mail.text(), "Text.\nTurner's Skies\nTurner's Skies\n");
  EXPECT_EQ(mail.language_code(), "en");
  EXPECT_EQ(mail.warnings_size(), 0);

  *request.mutable_context() = StructFromJson(R"({"items": []})");
  request.set_name("templates/welcome/versions/1");
  ASSERT_OK_AND_ASSIGN(mail, Call(&Stub::RenderTemplate, request));
  EXPECT_EQ(mail.subject(), "Hello");
  EXPECT_THAT(mail.warnings(), ::testing::Contains(HasSubstr("user.first_name")));
  request.set_name("templates/welcome/versions/published");
  EXPECT_THAT(Call(&Stub::RenderTemplate, request), HasReason("TEMPLATE_NOT_PUBLISHED"));
}

TEST_F(TemplateServiceTest, RendersUnsavedContent) {
  v1::RenderTemplateRequest request;
  ContentToProto(SampleContent("Draft"), *request.mutable_unsaved());
  request.mutable_unsaved()->mutable_contents(0)->set_subject("Hello");
  ASSERT_OK_AND_ASSIGN(const auto mail, Call(&Stub::RenderTemplate, request));
  EXPECT_THAT(mail.html(), HasSubstr("<p>Draft</p>"));
  EXPECT_THAT(mail.warnings(), ElementsAre(HasSubstr("never used")));

  request.mutable_unsaved()->mutable_contents(0)->set_text("{{#items}}");
  request.set_name("templates/welcome");
  EXPECT_THAT(Call(&Stub::RenderTemplate, request),
              AllOf(HasViolation("name", HasSubstr("exactly one")),
                    HasViolation("unsaved.contents[0].text", HasSubstr("line 1, column 1"))));
  EXPECT_THAT(Call(&Stub::RenderTemplate, v1::RenderTemplateRequest()), HasViolation("name", _));
}

TEST_F(TemplateServiceTest, InstallsBuiltInTemplates) {
  using Response = v1::InstallBuiltInTemplatesResponse;
  const v1::InstallBuiltInTemplatesRequest request;
  ASSERT_OK_AND_ASSIGN(auto installed, Call(&Stub::InstallBuiltInTemplates, request));
  ASSERT_EQ(installed.results_size(), 5);
  EXPECT_EQ(installed.results(1).name(), "templates/enrollment");
  EXPECT_EQ(installed.results(1).outcome(), Response::OUTCOME_INSTALLED);
  ASSERT_OK_AND_ASSIGN(installed, Call(&Stub::InstallBuiltInTemplates, request));
  EXPECT_EQ(installed.results(1).outcome(), Response::OUTCOME_UNCHANGED);
  ASSERT_OK_AND_ASSIGN(const auto version, GetVersion("templates/enrollment/versions/published"));
  EXPECT_TRUE(version.built_in());
}

TEST_F(TemplateServiceTest, ListsTheVariablesThatMailGetsByItself) {
  v1::ListTemplateVariablesRequest request;
  ASSERT_OK_AND_ASSIGN(auto listed, Call(&Stub::ListTemplateVariables, request));
  ASSERT_EQ(listed.sources_size(), 8);
  EXPECT_EQ(listed.sources(0).event(), "");
  EXPECT_EQ(listed.sources(0).variables(0).name(), "user.first_name");
  request.set_event("payment_succeeded");
  ASSERT_OK_AND_ASSIGN(listed, Call(&Stub::ListTemplateVariables, request));
  ASSERT_EQ(listed.sources_size(), 2);
  EXPECT_EQ(listed.sources(1).variables(0).name(), "payment.amount");
  EXPECT_EQ(listed.sources(1).variables(0).type(), v1::Variable::TYPE_MONEY);
  request.set_event("lunch");
  EXPECT_THAT(Call(&Stub::ListTemplateVariables, request),
              HasViolation("event", HasSubstr("student_enrolled")));
}

TEST_F(TemplateServiceTest, RendersForTheLanguageAndZoneOfTheReader) {
  v1::RenderTemplateRequest request;
  auto& content = *request.mutable_unsaved()->add_contents();
  request.mutable_unsaved()->set_category(lmsmail::type::v1::CATEGORY_DEMO);
  content.set_language_code("de");
  content.set_subject("{{amount}}");
  content.set_html("<p>{{at}}</p>");
  content.set_text("{{at}}");
  const auto declare = [&](const char* name, v1::Variable::Type type) {
    v1::Variable& variable = *request.mutable_unsaved()->add_variables();
    variable.set_name(name);
    variable.set_type(type);
    return &variable;
  };
  declare("at", v1::Variable::TYPE_DATETIME)
      ->mutable_sample()
      ->set_string_value("2026-12-07T23:30:00Z");
  *declare("amount", v1::Variable::TYPE_MONEY)->mutable_sample()->mutable_struct_value() =
      StructFromJson(R"({"amount_minor": 123456789, "currency_code": "EUR"})");
  request.set_language_code("de");
  request.set_time_zone("Europe/Berlin");
  ASSERT_OK_AND_ASSIGN(const auto mail, Call(&Stub::RenderTemplate, request));
  EXPECT_EQ(mail.subject(), "1.234.567,89\u00a0EUR");
  EXPECT_EQ(mail.text(), "8. Dezember 2026 um 00:30");
  request.set_time_zone("Berlin");
  EXPECT_THAT(Call(&Stub::RenderTemplate, request), HasViolation("time_zone", _));
}

TEST_F(TemplateServiceTest, SuggestsMustacheForDjango) {
  v1::RenderTemplateRequest request;
  auto& content = *request.mutable_unsaved()->add_contents();
  content.set_language_code("en");
  content.set_subject("Hi");
  content.set_html("<p>x</p>");
  content.set_text("{{ user.first_name|default:user.username }}");
  EXPECT_THAT(
      Call(&Stub::RenderTemplate, request),
      HasViolation("unsaved.contents[0].text", HasSubstr("{{^user.first_name}}{{user.username}}")));
}

}  // namespace
}  // namespace lmsmail::templates
