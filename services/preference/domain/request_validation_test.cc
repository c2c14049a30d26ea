#include "services/preference/domain/request_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::preference {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

auto On(const std::string& field) { return Field(&FieldViolation::field, field); }

Recipient Ann() { return {"ann", "ann@example.com", "Ann Lee", "Ann", "en", "UTC", {}, {}}; }

TEST(RequestValidationTest, AcceptsValidRecipients) {
  Violations violations;
  ValidateRecipient(Ann(), "recipients[0]", violations);
  Recipient sparse = {"ann", "ann@example.com", "", "", "", "", {}, {}};
  ValidateRecipient(sparse, "recipients[1]", violations);
  sparse.display_name = std::string(100, 'a') + "\xc3\xa4";
  ValidateRecipient(sparse, "recipients[2]", violations);
  EXPECT_THAT(violations.list(), IsEmpty());
}

TEST(RequestValidationTest, ReportsEveryViolationOfARecipient) {
  Violations violations;
  ValidateRecipient(
      {"a/b", "ann", "Ann\r\nBcc: x", std::string(201, 'a'), "english!", "../etc", {}, {}},
      "recipients[7]", violations);
  EXPECT_THAT(violations.list(),
              ElementsAre(On("recipients[7].name"), On("recipients[7].email_address"),
                          On("recipients[7].display_name"), On("recipients[7].given_name"),
                          On("recipients[7].language_code"), On("recipients[7].time_zone")));
}

TEST(RequestValidationTest, ValidatesConsentSources) {
  Violations violations;
  ValidateSource({ConsentMethod::kStaff, "staff-3", "ticket 17"}, "source", violations);
  EXPECT_THAT(violations.list(), IsEmpty());
  ValidateSource({ConsentMethod::kDefault, std::string(129, 'a'), "two\nlines"}, "source",
                 violations);
  EXPECT_THAT(violations.list(),
              ElementsAre(On("source.actor"), On("source.consent_text"), On("source.method")));
}

TEST(RequestValidationTest, OnlyLinksRecordWhatAPersonDidWithThem) {
  for (const ConsentMethod method : {ConsentMethod::kOneClick, ConsentMethod::kPreferencePage}) {
    Violations violations;
    ValidateSource({method, "", ""}, "source", violations);
    EXPECT_THAT(violations.list(), ElementsAre(On("source.method")));
  }
}

TEST(RequestValidationTest, AcceptsDetailsWithSeveralLines) {
  Violations violations;
  ValidateDetail("550-5.1.1 no such user\r\n550 5.1.1 see\thelp", "detail", violations);
  EXPECT_THAT(violations.list(), IsEmpty());
  ValidateDetail("\x1b[2J", "detail", violations);
  ValidateDetail(std::string(501, 'a'), "detail", violations);
  EXPECT_THAT(violations.list(), ElementsAre(On("detail"), Field(&FieldViolation::description,
                                                                 HasSubstr("at most 500"))));
}

TEST(RequestValidationTest, LimitsTheLengthOfRequestIds) {
  Violations violations;
  ValidateRequestId("", violations);
  ValidateRequestId(std::string(128, 'a'), violations);
  EXPECT_THAT(violations.list(), IsEmpty());
  ValidateRequestId(std::string(129, 'a'), violations);
  EXPECT_THAT(violations.list(), ElementsAre(On("request_id")));
}

}  // namespace
}  // namespace lmsmail::preference
