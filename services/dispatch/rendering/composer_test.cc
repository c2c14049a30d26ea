#include "services/dispatch/rendering/composer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

#include "libs/hash/sha256.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"
#include "services/dispatch/testing/fake_peers.h"

namespace lmsmail::dispatch {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::shared_ptr<const dkim::Signer> Signer() {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* pem = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &pem);
  auto signer = dkim::Signer::Create("school.example", "k1", {pem, static_cast<std::size_t>(size)});
  EXPECT_OK(signer);
  return signer.ok() ? std::make_shared<const dkim::Signer>(*std::move(signer)) : nullptr;
}

class ComposerTest : public testing::Test {
 protected:
  absl::StatusOr<ComposedMail> Compose() {
    const auto version =
        templates_.Get(mail_.template_ref.key, mail_.template_ref.version, absl::InfiniteFuture());
    if (!version.ok()) return version.status();
    Composer composer(site_, message_ids_, address_hashes_, tracking_, max_bytes_);
    return composer.Compose(mail_, recipient_, **version, sender_);
  }
  std::string Text() {
    auto composed = Compose();
    EXPECT_OK(composed);
    return composed.ok() ? composed->message : "";
  }
  static std::string Context(const std::string& json) {
    return StructFromJson(json).SerializeAsString();
  }
  void UseWeekly() {
    mail_.template_ref = {"weekly_progress", 1, Category::kProgress};
    mail_.context = Context(R"({"minutes": 42})");
  }

  SiteIdentity site_{"The School", "https://school.example", "", "school.example"};
  const MessageIdHeader message_ids_{"school.example", std::nullopt};
  const AddressHashes address_hashes_{std::nullopt};
  const MailTracking* tracking_ = nullptr;
  std::size_t max_bytes_ = 1 << 20;
  FakeTemplateSource templates_;
  SenderIdentity sender_ = FakeTransport().sender();
  Recipient recipient_ =
      FakeRecipientCheck::Allowed({Target::Kind::kRecipient, "recipients/ada"}).recipient;
  Mail mail_ = [] {
    Mail mail;
    mail.id = 4711;
    mail.template_ref = {"enrollment", 1, Category::kEnrollment};
    mail.context = Context(R"({"course": "C++"})");
    mail.due_time = absl::FromUnixSeconds(1'800'000'000);
    return mail;
  }();
};

TEST_F(ComposerTest, IsDatedWhenTheMailMightFirstLeave) {
  EXPECT_THAT(Text(), HasSubstr("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"));
  mail_.deferral_time = mail_.due_time + absl::Hours(23);
  EXPECT_THAT(Text(), HasSubstr("Date: Sat, 16 Jan 2027 07:00:00 +0000\r\n"));
}

TEST_F(ComposerTest, WritesAllHeaders) {
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("From: The School <noreply@school.example>\r\n"));
  EXPECT_THAT(text, HasSubstr("To: Ada Lovelace <ada@students.example>\r\n"));
  EXPECT_THAT(text, HasSubstr("Subject: Welcome, Ada\r\n"));
  EXPECT_THAT(text, HasSubstr("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"));
  EXPECT_THAT(text, HasSubstr("Message-ID: <" + message_ids_.Of(4711) + ">\r\n"));
  EXPECT_THAT(text, HasSubstr("List-Id: <enrollment.school.example>\r\n"));
  EXPECT_THAT(text, HasSubstr("Feedback-ID: enrollment:enrollment:lmsmail\r\n"));
  EXPECT_THAT(text, HasSubstr("Auto-Submitted: auto-generated\r\n"));
  EXPECT_THAT(text, HasSubstr("Hello Ada, welcome to C++ at The School."));
}

TEST_F(ComposerTest, WritesValuesForTheRecipient) {
  templates_.Publish(
      {"enrollment", 1, Category::kEnrollment}, "S", "{{day}}, {{user.username}}",
      {{.name = "day", .type = render::VariableType::kDate}, {.name = "user.username"}});
  mail_.context = Context(R"({"day": "2026-12-07T23:30:00Z"})");
  mail_.target = {Target::Kind::kRecipient, "recipients/ada"};
  recipient_.time_zone = "Europe/Berlin";
  recipient_.language_code = "en-GB";
  EXPECT_THAT(Text(), HasSubstr("8 December 2026, ada"));
  // The text is English, so its date is as well.
  recipient_.language_code = "de-AT";
  EXPECT_THAT(Text(), HasSubstr("December 8, 2026, ada"));
  recipient_.time_zone = "America/New_York";
  EXPECT_THAT(Text(), HasSubstr("December 7, 2026, ada"));
}

TEST_F(ComposerTest, NamesTheSchoolsColorLogoAndSupport) {
  templates_.Publish({"enrollment", 1, Category::kEnrollment}, "S",
                     "{{site_color}} {{site_logo_url}} {{support_address}}",
                     {{.name = "site_color", .type = render::VariableType::kColor},
                      {.name = "site_logo_url", .type = render::VariableType::kUrl},
                      {.name = "support_address"}});
  site_.color = "#0b6b61";
  site_.logo_url = "https://school.example/logo.png";
  site_.support_address = "help@school.example";
  EXPECT_THAT(Text(), HasSubstr("#0b6b61 https://school.example/logo.png help@school.example"));
}

TEST_F(ComposerTest, SameMailHasSameBytes) {
  ASSERT_OK_AND_ASSIGN(const ComposedMail first, Compose());
  ASSERT_OK_AND_ASSIGN(const ComposedMail again, Compose());
  EXPECT_EQ(first.message, again.message);
  EXPECT_EQ(first.content_hash, hash::Sha256(first.message));
  mail_.id = 4712;
  ASSERT_OK_AND_ASSIGN(const ComposedMail other, Compose());
  EXPECT_NE(first.content_hash, other.content_hash);
}

TEST_F(ComposerTest, AddsTrackingWhereTheRecipientAllowsIt) {
  const MailTracking tracking(
      tracking::Links(token::KeyRing::Parse("k1:" + std::string(64, 'a')).value()),
      {.public_url = "https://mail.example", .opens = {Category::kEnrollment}, .clicks = {}});
  ASSERT_OK_AND_ASSIGN(const ComposedMail plain, Compose());
  tracking_ = &tracking;
  EXPECT_EQ(Text(), plain.message);
  recipient_.tracking_allowed = true;
  ASSERT_OK_AND_ASSIGN(const ComposedMail tracked, Compose());
  EXPECT_THAT(tracked.message, HasSubstr("/o/k1."));
  EXPECT_EQ(Text(), tracked.message);
  UseWeekly();
  EXPECT_THAT(Text(), Not(HasSubstr("/o/")));
}

TEST_F(ComposerTest, SignatureIsDeterministic) {
  UseWeekly();
  ASSERT_OK_AND_ASSIGN(const ComposedMail plain, Compose());
  sender_.signer = Signer();
  ASSERT_NE(sender_.signer, nullptr);
  ASSERT_OK_AND_ASSIGN(const ComposedMail signed_mail, Compose());
  EXPECT_THAT(signed_mail.message, StartsWith("DKIM-Signature: v=1;"));
  EXPECT_THAT(signed_mail.message, EndsWith(plain.message));
  EXPECT_EQ(signed_mail.content_hash, hash::Sha256(signed_mail.message));

  std::string signature =
      signed_mail.message.substr(0, signed_mail.message.size() - plain.message.size());
  std::erase_if(signature, [](char c) { return c == ' ' || c == '\r' || c == '\n'; });
  EXPECT_THAT(signature, HasSubstr(";d=school.example;s=k1;t=1800000000;"));
  // Receivers require signatures of both for one-click unsubscription (RFC 8058 section 4).
  EXPECT_THAT(signature, HasSubstr(":list-unsubscribe:list-unsubscribe-post:"));

  ASSERT_OK_AND_ASSIGN(const ComposedMail again, Compose());
  EXPECT_EQ(again.message, signed_mail.message);
}

TEST_F(ComposerTest, OptionalCategoriesHaveOneClickUnsubscribe) {
  EXPECT_THAT(Text(), Not(HasSubstr("List-Unsubscribe")));
  UseWeekly();
  EXPECT_THAT(Text(), HasSubstr("List-Unsubscribe: <https://mail.example/u/ada>\r\n"
                                "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
}

TEST_F(ComposerTest, OmitsInsecureUnsubscribeLink) {
  UseWeekly();
  recipient_.unsubscribe_url = "http://mail.example/u/ada";
  EXPECT_THAT(Text(), Not(HasSubstr("List-Unsubscribe")));
  recipient_.unsubscribe_url = "http://127.0.0.1:8080/u/ada";
  EXPECT_THAT(Text(), HasSubstr("List-Unsubscribe-Post"));
}

TEST_F(ComposerTest, CallerValuesTakePrecedence) {
  mail_.shared_context = Context(R"({"site_name": "Shared", "course": "Shared"})");
  mail_.context = Context(R"({"course": "Own"})");
  EXPECT_THAT(Text(), HasSubstr("welcome to Own at Shared."));
}

TEST_F(ComposerTest, CallersCannotSayWhoTheMailIsForOrHowToStopIt) {
  mail_.shared_context = Context(R"({"preferences_url": "https://evil.example/p"})");
  mail_.context = Context(
      R"({"user": {"first_name": "Eve"}, "unsubscribe_url": "https://evil.example/u", "course": "C"})");
  EXPECT_THAT(Text(), HasSubstr("Subject: Welcome, Ada\r\n"));
  templates_.Publish({"plain", 1, Category::kEnrollment}, "Hello",
                     "{{preferences_url}} {{#unsubscribe_url}}Leave{{/unsubscribe_url}}",
                     {{.name = "preferences_url", .type = render::VariableType::kUrl}});
  mail_.template_ref = {"plain", 1, Category::kEnrollment};
  recipient_.unsubscribe_url = "";  // A mandatory mail has none, and gets none from its context.
  EXPECT_THAT(Text(), AllOf(HasSubstr("https://mail.example/p/ada"), Not(HasSubstr("Leave"))));
}

TEST_F(ComposerTest, EmptyNamesRenderNoSection) {
  recipient_.given_name = "";
  recipient_.display_name = "";
  EXPECT_THAT(Text(), HasSubstr("Subject: Welcome\r\n"));
  recipient_.display_name = "Dr. Hopper";
  EXPECT_THAT(Text(), HasSubstr("Subject: Welcome\r\n"));
}

TEST_F(ComposerTest, EmptyPreferencesUrlRendersNoSection) {
  templates_.Publish({"plain", 1, Category::kEnrollment}, "Hello",
                     "Mail.{{#preferences_url}} Choose at {{preferences_url}}{{/preferences_url}}",
                     {{.name = "preferences_url", .type = render::VariableType::kUrl}});
  mail_.template_ref = {"plain", 1, Category::kEnrollment};
  EXPECT_THAT(Text(), HasSubstr("Choose at https://mail.example/p/ada"));
  recipient_.preferences_url = "";
  EXPECT_THAT(Text(), Not(HasSubstr("Choose")));
}

TEST_F(ComposerTest, ErrorNamesMissingRequiredVariable) {
  UseWeekly();
  mail_.context = "";
  const auto composed = Compose();
  EXPECT_THAT(composed, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("minutes")));
}

TEST_F(ComposerTest, LineBreaksInValuesAddNoHeaders) {
  recipient_.given_name = "A\r\nBcc: evil@example.org";
  const std::string text = Text();
  EXPECT_THAT(text.substr(0, text.find("\r\n\r\n")), Not(HasSubstr("\r\nBcc:")));
}

TEST_F(ComposerTest, RefusesMailAboveMaxSize) {
  mail_.context = Context("{\"course\": \"" + std::string(20'000, 'x') + "\"}");
  max_bytes_ = 16 << 10;
  EXPECT_FALSE(Compose().ok());
}

TEST_F(ComposerTest, AProviderThatBuildsTheMessageGetsTheHeader) {
  ASSERT_OK_AND_ASSIGN(const ComposedMail message, Compose());
  sender_.provider_builds = true;
  ASSERT_OK_AND_ASSIGN(const ComposedMail header, Compose());
  EXPECT_TRUE(header.message.ends_with("\r\n\r\n"));
  EXPECT_TRUE(message.message.starts_with(header.message.substr(0, header.message.size() - 2)));
  EXPECT_NE(header.content_hash, hash::Sha256(header.message)) << "the parts count too";
}

TEST_F(ComposerTest, RefusesRecipientWithoutAddress) {
  recipient_.address.reset();
  EXPECT_THAT(Compose(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CompiledVersionTest, FallsBackToFirstLanguage) {
  CompiledVersion version;
  version.languages = {{"en", nullptr}, {"de-AT", nullptr}, {"de", nullptr}};
  EXPECT_EQ(version.LanguageFor("DE-at").code, "de-AT");
  EXPECT_EQ(version.LanguageFor("de-CH").code, "de");
  EXPECT_EQ(version.LanguageFor("fr").code, "en");
}

TEST_F(ComposerTest, ThePartsOfAMailAreItsContentAndWhatIsItsOwn) {
  UseWeekly();
  recipient_.given_name = "A";
  const auto version = templates_.Get("weekly_progress", 1, absl::InfiniteFuture());
  ASSERT_OK(version);
  mail_.context = Context(R"({"minutes": 42, "note": {"title": "Ink"}, "notes": ["One", ""]})");
  Composer composer(site_, message_ids_, address_hashes_, tracking_, max_bytes_);
  ASSERT_OK(composer.Compose(mail_, recipient_, **version, sender_));
  const auto parts = composer.PartsOfLast(mail_, recipient_);
  EXPECT_EQ(parts->category, "progress");
  EXPECT_EQ(parts->recipient_name, recipient_.display_name);
  EXPECT_THAT(parts->text, HasSubstr("42"));
  EXPECT_THAT(parts->personal_values,
              testing::ElementsAre(recipient_.unsubscribe_url, recipient_.preferences_url,
                                   recipient_.address->ToString(), recipient_.display_name, "",
                                   "Ink", "One", ""));
  // What the next mail has too is left where it is.
  recipient_.unsubscribe_url = "https://mail.school.example/u/other";
  ASSERT_OK(composer.Compose(mail_, recipient_, **version, sender_));
  EXPECT_THAT(composer.PartsOfLast(mail_, recipient_)->personal_values,
              testing::ElementsAre(recipient_.unsubscribe_url, "", "", "", "", "", "", ""));
}

TEST_F(ComposerTest, GivesEachMailItsEnvelopeSender) {
  ASSERT_OK_AND_ASSIGN(const ComposedMail same, Compose());
  EXPECT_EQ(same.envelope_from, sender_.envelope_from);
  const std::string secret = "k1:" + std::string(64, 'a');
  sender_.return_paths =
      std::make_shared<return_path::ReturnPaths>(token::KeyRing::Parse(secret).value());
  sender_.bounce_domain = "bounces.school.example";
  ASSERT_OK_AND_ASSIGN(const ComposedMail own, Compose());
  EXPECT_THAT(own.envelope_from, EndsWith("@bounces.school.example"));
  const auto path = sender_.return_paths->Parse(own.envelope_from);
  ASSERT_TRUE(path.has_value());
  EXPECT_EQ(path->mail, mail_.id);
  EXPECT_TRUE(path->WentTo(*recipient_.address));
  EXPECT_EQ(own.message, same.message);
}

}  // namespace
}  // namespace lmsmail::dispatch
