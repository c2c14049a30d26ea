#include "services/preference/api/preference_service.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "libs/personal_data/testing/no_personal_data.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/server.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/matchers.h"
#include "libs/testing/status_matchers.h"
#include "services/preference/api/convert.h"
#include "services/preference/storage/in_memory_preference_store.h"
#include "services/preference/storage/in_memory_school_store.h"

namespace lmsmail::preference {
namespace {

using rpc::HasReason;
using rpc::HasViolation;
using ::testing::_;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stub = v1::PreferenceService::StubInterface;

namespace type = lmsmail::type::v1;

const absl::Time kNoon = absl::FromCivil(absl::CivilHour(2026, 3, 2, 12), absl::UTCTimeZone());

// Calls the service over a real connection, with a store in memory.
class PreferenceServiceTest : public ::testing::Test {
 protected:
  PreferenceServiceTest() { EXPECT_OK(registry_.Initialize({}, absl::InfiniteFuture())); }

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const std::type_identity_t<Request>& request) {
    return rpc::Call(*stub_, method, request, rpc::WithTimeout(absl::Seconds(10)));
  }

  absl::StatusOr<v1::UpsertRecipientsResponse> Register(const std::string& id,
                                                        const std::string& address) {
    v1::UpsertRecipientsRequest request;
    request.add_recipients()->set_name("recipients/" + id);
    request.mutable_recipients(0)->set_email_address(address);
    return Call(&Stub::UpsertRecipients, request);
  }
  absl::StatusOr<v1::Verdict> Check(const std::string& recipient, type::Category category) {
    v1::CheckRecipientsRequest request;
    request.add_checks()->set_recipient(recipient);
    request.mutable_checks(0)->set_category(category);
    const auto response = Call(&Stub::CheckRecipients, request);
    if (!response.ok()) return response.status();
    return response->verdicts(0);
  }
  absl::StatusOr<v1::ListConsentEventsResponse> Events(const std::string& parent, int page_size = 0,
                                                       const std::string& page_token = "") {
    v1::ListConsentEventsRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return Call(&Stub::ListConsentEvents, request);
  }
  absl::StatusOr<v1::Suppression> Suppress(const std::string& address,
                                           v1::Suppression::Reason reason) {
    v1::AddSuppressionRequest request;
    request.set_email_address(address);
    request.set_reason(reason);
    request.set_detail("550 5.1.1 unknown\r\n");
    return Call(&Stub::AddSuppression, request);
  }

  const token::KeyRing keys_ = token::KeyRing::Parse("k1:" + std::string(64, 'a')).value();
  const Links links_{keys_, "https://mail.school.example"};
  const School school_ = {"en", "UTC", QuietHours::Parse("21:00", "08:00").value(), {}};
  FakeClock clock_{kNoon};
  InMemoryPreferenceStore store_;
  RecipientRegistry recipients_{store_, keys_, school_.defaults, clock_};
  ConsentRegistry consent_{store_, keys_, school_.defaults, clock_};
  SuppressionList suppressions_{store_, keys_, clock_};
  InMemorySchoolStore school_store_;
  SchoolRegistry registry_{school_store_, clock_};
  RecipientCheck check_{store_, keys_, links_, school_, clock_, &registry_.cached()};
  rpc::TestRunner runner_;
  RecipientHandlers recipient_handlers_{recipients_, check_};
  ConsentHandlers consent_handlers_{consent_};
  LinkedConsent linked_consent_{links_, consent_, store_, registry_.cached()};
  LinkHandlers link_handlers_{linked_consent_};
  SuppressionHandlers suppression_handlers_{suppressions_};
  SchoolHandlers school_handlers_{registry_};
  ErasureHandlers erasure_handlers_{store_, clock_};
  personal_data::NoPersonalData no_personal_data_;
  personal_data::ExportHandlers exports_{no_personal_data_};
  PreferenceService service_{
      runner_.get(),           recipient_handlers_, consent_handlers_, link_handlers_,
      suppression_handlers_,   school_handlers_,    erasure_handlers_, exports_,
      runner_.audit_handlers()};
  rpc::InProcessServer server_{rpc::Host<v1::PreferenceService>(service_)};
  std::unique_ptr<v1::PreferenceService::Stub> stub_ = server_.NewStub<v1::PreferenceService>();
};

TEST_F(PreferenceServiceTest, UpsertsAndGetsARecipient) {
  v1::UpsertRecipientsRequest request;
  v1::Recipient& given = *request.add_recipients();
  given.set_name("recipients/ann");
  given.set_email_address(
      "Ann@B\xc3\xbc"
      "cher.example");
  given.set_display_name("Ann Lee");
  given.set_given_name("Ann");
  given.set_language_code("pt-BR");
  given.set_time_zone("america/sao_paulo");
  ASSERT_OK_AND_ASSIGN(auto response, Call(&Stub::UpsertRecipients, request));
  EXPECT_EQ(response.created_count(), 1);
  v1::GetRecipientRequest get;
  get.set_name("recipients/ann");
  ASSERT_OK_AND_ASSIGN(const v1::Recipient stored, Call(&Stub::GetRecipient, get));
  EXPECT_EQ(stored.SerializeAsString(), response.recipients(0).SerializeAsString());
  EXPECT_EQ(stored.email_address(), "Ann@xn--bcher-kva.example");
  EXPECT_EQ(stored.display_name(), "Ann Lee");
  EXPECT_EQ(stored.language_code(), "pt-BR");
  EXPECT_EQ(stored.time_zone(), "America/Sao_Paulo");
  EXPECT_EQ(stored.create_time().seconds(), absl::ToUnixSeconds(kNoon));
  ASSERT_OK_AND_ASSIGN(response, Call(&Stub::UpsertRecipients, request));
  EXPECT_EQ(response.created_count(), 0);
  EXPECT_EQ(response.recipients(0).SerializeAsString(), stored.SerializeAsString());
}

TEST_F(PreferenceServiceTest, UpsertAnswersForEachRecipient) {
  v1::UpsertRecipientsRequest request;
  for (int i = 0; i < 8; ++i) {
    request.add_recipients()->set_name(fmt::format("recipients/r{}", i));
    request.mutable_recipients(i)->set_email_address("r@example.com");
  }
  request.mutable_recipients(2)->set_name("people/r2");
  request.mutable_recipients(5)->set_name("recipients/r0");
  request.mutable_recipients(6)->set_name("recipients/r1");
  request.mutable_recipients(6)->set_display_name("Another");
  request.mutable_recipients(7)->set_email_address("nonsense");
  request.mutable_recipients(7)->set_time_zone("Mars/Olympus");
  ASSERT_OK_AND_ASSIGN(const auto response, Call(&Stub::UpsertRecipients, request));
  ASSERT_THAT(response.results(), SizeIs(8));
  EXPECT_THAT(response.recipients(), SizeIs(4));
  EXPECT_EQ(response.created_count(), 4);
  const auto message = [&](int i) { return response.results(i).status().message(); };
  EXPECT_EQ(message(0), "");
  EXPECT_THAT(message(2), HasSubstr("recipients/{recipient}"));
  EXPECT_EQ(response.results(5).status().code(), 0) << "the same twice";
  EXPECT_EQ(response.results(6).status().code(),
            static_cast<int>(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(message(7), HasSubstr("email_address"));
  EXPECT_THAT(message(7), HasSubstr("Europe/Berlin"));
  EXPECT_EQ(response.results(7).name(), "recipients/r7");
  EXPECT_OK(store_.GetRecipient("r0", absl::InfiniteFuture()));
  request.set_request_id(std::string(200, 'x'));
  EXPECT_THAT(Call(&Stub::UpsertRecipients, request), HasViolation("request_id", _));
}

TEST_F(PreferenceServiceTest, UpsertAcceptsOneToAThousandRecipients) {
  v1::UpsertRecipientsRequest request;
  EXPECT_THAT(Call(&Stub::UpsertRecipients, request),
              HasViolation("recipients", HasSubstr("1 to")));
  for (int i = 0; i < 1001; ++i) {
    request.add_recipients()->set_name(fmt::format("recipients/r{}", i));
    request.mutable_recipients(i)->set_email_address("r@example.com");
  }
  EXPECT_THAT(Call(&Stub::UpsertRecipients, request),
              HasViolation("recipients", HasSubstr("1001")));
  request.mutable_recipients()->RemoveLast();
  ASSERT_OK_AND_ASSIGN(const auto response, Call(&Stub::UpsertRecipients, request));
  EXPECT_EQ(response.created_count(), 1000);
}

TEST_F(PreferenceServiceTest, ListsRecipientsInPages) {
  for (const char* id : {"c", "a", "b"}) ASSERT_OK(Register(id, "shared@example.com"));
  ASSERT_OK(Register("d", "d@example.com"));
  v1::ListRecipientsRequest request;
  request.set_page_size(2);
  request.set_email_address("SHARED@example.com");
  ASSERT_OK_AND_ASSIGN(const auto first, Call(&Stub::ListRecipients, request));
  ASSERT_THAT(first.recipients(), SizeIs(2));
  EXPECT_EQ(first.recipients(1).name(), "recipients/b");
  request.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto second, Call(&Stub::ListRecipients, request));
  ASSERT_THAT(second.recipients(), SizeIs(1));
  EXPECT_EQ(second.recipients(0).name(), "recipients/c");
  EXPECT_THAT(second.next_page_token(), IsEmpty());
  request.clear_email_address();
  EXPECT_THAT(Call(&Stub::ListRecipients, request), HasViolation("page_token", _));
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_THAT(Call(&Stub::ListRecipients, request), HasViolation("page_size", _));
  request.set_page_size(0);
  request.set_email_address("x");
  EXPECT_THAT(Call(&Stub::ListRecipients, request), HasViolation("email_address", _));
}

TEST_F(PreferenceServiceTest, PreferencesContainEveryCategory) {
  ASSERT_OK(Register("ann", "ann@example.com"));
  v1::GetPreferencesRequest request;
  request.set_name("recipients/ann/preferences");
  ASSERT_OK_AND_ASSIGN(const auto preferences, Call(&Stub::GetPreferences, request));
  EXPECT_EQ(preferences.name(), "recipients/ann/preferences");
  ASSERT_THAT(preferences.categories(), SizeIs(6));
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(preferences.categories(i).category(), i + 1);
    EXPECT_TRUE(preferences.categories(i).subscribed());
    EXPECT_EQ(preferences.categories(i).mandatory(), i < 2);
    EXPECT_FALSE(preferences.categories(i).has_update_time());
  }
  request.set_name("recipients/nobody/preferences");
  EXPECT_THAT(Call(&Stub::GetPreferences, request), StatusIs(absl::StatusCode::kNotFound));
  request.set_name("recipients/ann");
  EXPECT_THAT(Call(&Stub::GetPreferences, request),
              HasViolation("name", HasSubstr("/preferences")));
}

TEST_F(PreferenceServiceTest, UnsubscribeLinkUnsubscribesFromItsCategory) {
  ASSERT_OK(Register("ann", "ann@example.com"));
  ASSERT_OK_AND_ASSIGN(const v1::Verdict verdict, Check("recipients/ann", type::CATEGORY_PROGRESS));
  EXPECT_EQ(verdict.decision(), v1::Verdict::DECISION_ALLOW);
  const std::string& url = verdict.unsubscribe_url();
  v1::OneClickUnsubscribeRequest request;
  request.set_token(url.substr(url.rfind('/') + 1));
  ASSERT_OK_AND_ASSIGN(const v1::Link link, Call(&Stub::OneClickUnsubscribe, request));
  EXPECT_FALSE(link.categories(3).subscribed());
  EXPECT_TRUE(link.categories(3).has_update_time());
  EXPECT_TRUE(link.categories(4).subscribed());
  ASSERT_OK_AND_ASSIGN(const v1::Verdict skipped, Check("recipients/ann", type::CATEGORY_PROGRESS));
  EXPECT_EQ(skipped.decision(), v1::Verdict::DECISION_SKIP);
  EXPECT_EQ(skipped.reason(), v1::Verdict::REASON_UNSUBSCRIBED);
  EXPECT_EQ(skipped.email_address(), "ann@example.com");
  EXPECT_EQ(skipped.unsubscribe_url(), url);
  ASSERT_OK_AND_ASSIGN(const auto events, Events("recipients/ann", 1));
  ASSERT_THAT(events.events(), SizeIs(1));
  EXPECT_EQ(events.events(0).action(), v1::ConsentEvent::ACTION_UNSUBSCRIBED);
  EXPECT_EQ(events.events(0).category(), type::CATEGORY_PROGRESS);
  EXPECT_EQ(events.events(0).source().method(), v1::ConsentSource::METHOD_ONE_CLICK);
  EXPECT_EQ(events.events(0).event_time().seconds(), absl::ToUnixSeconds(kNoon));
}

TEST_F(PreferenceServiceTest, UnsubscribesFromEverythingAndResubscribes) {
  ASSERT_OK(Register("ann", "ann@example.com"));
  v1::UnsubscribeRequest unsubscribe;
  unsubscribe.set_name("recipients/ann");
  ASSERT_OK_AND_ASSIGN(v1::Preferences preferences, Call(&Stub::Unsubscribe, unsubscribe));
  for (const v1::CategoryPreference& each : preferences.categories()) {
    EXPECT_EQ(each.subscribed(), each.mandatory());
  }
  ASSERT_OK_AND_ASSIGN(const auto before, Events("recipients/ann"));
  ASSERT_OK(Call(&Stub::Unsubscribe, unsubscribe));
  ASSERT_OK_AND_ASSIGN(const auto after, Events("recipients/ann"));
  EXPECT_EQ(before.events_size(), 4 + 4);
  EXPECT_EQ(after.events_size(), 4 + 4);
  EXPECT_EQ(after.events(0).source().method(), v1::ConsentSource::METHOD_API);
  v1::ResubscribeRequest resubscribe;
  resubscribe.set_name("recipients/ann");
  resubscribe.set_category(type::CATEGORY_DEMO);
  ASSERT_OK_AND_ASSIGN(preferences, Call(&Stub::Resubscribe, resubscribe));
  EXPECT_TRUE(preferences.categories(2).subscribed());
  EXPECT_FALSE(preferences.categories(3).subscribed());
}

TEST_F(PreferenceServiceTest, RejectsInvalidConsentRequests) {
  ASSERT_OK(Register("ann", "ann@example.com"));
  v1::UnsubscribeRequest request;
  request.set_category(static_cast<type::Category>(99));
  request.mutable_source()->set_actor("two\nlines");
  const auto invalid = Call(&Stub::Unsubscribe, request);
  EXPECT_THAT(invalid, HasViolation("name", _));
  EXPECT_THAT(invalid, HasViolation("category", HasSubstr("99")));
  EXPECT_THAT(invalid, HasViolation("source.actor", _));
  request.Clear();
  request.set_name("recipients/ann");
  request.set_category(type::CATEGORY_PAYMENT);
  EXPECT_THAT(Call(&Stub::Unsubscribe, request), HasViolation("category", HasSubstr("mandatory")));
  v1::OneClickUnsubscribeRequest one_click;
  one_click.set_token("k1.bm9uc2Vuc2Vub25zZW5zZQ");
  EXPECT_THAT(Call(&Stub::OneClickUnsubscribe, one_click), HasReason("TOKEN_INVALID"));
  v1::ResubscribeRequest resubscribe;
  resubscribe.set_name("recipients/nobody");
  EXPECT_THAT(Call(&Stub::Resubscribe, resubscribe), StatusIs(absl::StatusCode::kNotFound));
  resubscribe.mutable_source()->set_method(v1::ConsentSource::METHOD_DEFAULT);
  EXPECT_THAT(Call(&Stub::Resubscribe, resubscribe), HasViolation("source.method", _));
}

TEST_F(PreferenceServiceTest, EnsuresPreferencesOnce) {
  store_.InsertWithoutConsent({{"bare", "bare@example.com", "", "", "", "", kNoon, kNoon},
                               AddressKeyOf(keys_, "bare@example.com").value()});
  ASSERT_OK_AND_ASSIGN(auto response, Call(&Stub::EnsurePreferences, {}));
  EXPECT_EQ(response.created_count(), 1);
  ASSERT_OK_AND_ASSIGN(response, Call(&Stub::EnsurePreferences, {}));
  EXPECT_EQ(response.created_count(), 0);
}

TEST_F(PreferenceServiceTest, ListsConsentEventsInPages) {
  ASSERT_OK(Register("ann", "ann@example.com"));
  ASSERT_OK_AND_ASSIGN(const auto first, Events("recipients/ann", 3));
  EXPECT_THAT(first.events(), SizeIs(3));
  EXPECT_THAT(first.events(0).name(), HasSubstr("recipients/ann/consentEvents/"));
  ASSERT_OK_AND_ASSIGN(const auto second, Events("recipients/ann", 3, first.next_page_token()));
  EXPECT_THAT(second.events(), SizeIs(1));
  EXPECT_THAT(second.next_page_token(), IsEmpty());
  EXPECT_THAT(Events("recipients/bob", 3, first.next_page_token()), HasViolation("page_token", _));
  EXPECT_THAT(Events("recipients/bob"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Events("ann", -1), HasViolation("parent", _));
}

TEST_F(PreferenceServiceTest, AddsAndRemovesSuppressions) {
  ASSERT_OK(Register("ann", "ann@example.com"));
  ASSERT_OK_AND_ASSIGN(const v1::Suppression first,
                       Suppress("Ann@example.com", v1::Suppression::REASON_BOUNCED));
  EXPECT_EQ(first.name().size(), std::string("suppressions/").size() + 64);
  ASSERT_OK_AND_ASSIGN(const v1::Suppression again,
                       Suppress("ann@example.com", v1::Suppression::REASON_MANUAL));
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  ASSERT_OK_AND_ASSIGN(v1::Verdict verdict, Check("recipients/ann", type::CATEGORY_PAYMENT));
  EXPECT_EQ(verdict.reason(), v1::Verdict::REASON_BOUNCED);
  v1::RemoveSuppressionRequest remove;
  remove.set_name(first.name());
  ASSERT_OK(Call(&Stub::RemoveSuppression, remove));
  EXPECT_THAT(Call(&Stub::RemoveSuppression, remove), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(verdict, Check("recipients/ann", type::CATEGORY_PAYMENT));
  EXPECT_EQ(verdict.decision(), v1::Verdict::DECISION_ALLOW);
  remove.set_email_address("ann@example.com");
  EXPECT_THAT(Call(&Stub::RemoveSuppression, remove),
              HasViolation("name", HasSubstr("exactly one")));
  remove.clear_name();
  EXPECT_THAT(Call(&Stub::RemoveSuppression, remove), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PreferenceServiceTest, RejectsInvalidSuppressions) {
  const auto nothing = Suppress("x", v1::Suppression::REASON_UNSPECIFIED);
  EXPECT_THAT(nothing, HasViolation("email_address", _));
  EXPECT_THAT(nothing, HasViolation("reason", "is required"));
  EXPECT_THAT(Suppress("a@example.com", v1::Suppression::REASON_ERASED), HasViolation("reason", _));
  v1::RemoveSuppressionRequest remove;
  remove.set_name("suppressions/a@example.com");
  EXPECT_THAT(Call(&Stub::RemoveSuppression, remove), HasViolation("name", _));
}

TEST_F(PreferenceServiceTest, ListsSuppressionsOfAReasonInPages) {
  for (const char* address : {"a@example.com", "b@example.com", "c@example.com"}) {
    ASSERT_OK(Suppress(address, v1::Suppression::REASON_BOUNCED));
    clock_.Advance(absl::Minutes(1));
  }
  ASSERT_OK(Suppress("m@example.com", v1::Suppression::REASON_MANUAL));
  v1::ListSuppressionsRequest request;
  request.set_reason(v1::Suppression::REASON_BOUNCED);
  request.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(const auto first, Call(&Stub::ListSuppressions, request));
  ASSERT_THAT(first.suppressions(), SizeIs(2));
  EXPECT_EQ(first.suppressions(0).email_address(), "c@example.com");
  request.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto second, Call(&Stub::ListSuppressions, request));
  ASSERT_THAT(second.suppressions(), SizeIs(1));
  EXPECT_EQ(second.suppressions(0).email_address(), "a@example.com");
  EXPECT_THAT(second.next_page_token(), IsEmpty());
  request.clear_reason();
  EXPECT_THAT(Call(&Stub::ListSuppressions, request), HasViolation("page_token", _));
}

TEST_F(PreferenceServiceTest, SuppressesAnErasedRecipientAfterAnImport) {
  ASSERT_OK(Register("ann", "ann@example.com"));
  v1::UnsubscribeRequest unsubscribe;
  unsubscribe.set_name("recipients/ann");
  ASSERT_OK(Call(&Stub::Unsubscribe, unsubscribe));
  v1::DeleteRecipientRequest erase;
  erase.set_name("recipients/ann");
  ASSERT_OK(Call(&Stub::DeleteRecipient, erase));
  EXPECT_THAT(Call(&Stub::DeleteRecipient, erase), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(const v1::Verdict gone, Check("recipients/ann", type::CATEGORY_PAYMENT));
  EXPECT_EQ(gone.reason(), v1::Verdict::REASON_UNKNOWN_RECIPIENT);
  ASSERT_OK_AND_ASSIGN(const auto events, Events("recipients/ann"));
  EXPECT_EQ(events.events(0).action(), v1::ConsentEvent::ACTION_ERASED);
  ASSERT_OK(Register("imported", "ANN@example.com"));
  ASSERT_OK_AND_ASSIGN(const v1::Verdict verdict,
                       Check("recipients/imported", type::CATEGORY_CONTENT));
  EXPECT_EQ(verdict.decision(), v1::Verdict::DECISION_SKIP);
  EXPECT_EQ(verdict.reason(), v1::Verdict::REASON_UNSUBSCRIBED);
  ASSERT_OK_AND_ASSIGN(const v1::Verdict receipt,
                       Check("recipients/imported", type::CATEGORY_PAYMENT));
  EXPECT_EQ(receipt.decision(), v1::Verdict::DECISION_ALLOW);
}

TEST_F(PreferenceServiceTest, AnErasureRunsUntilAllServicesHaveErased) {
  ASSERT_OK(Register("ann", "ann@example.com"));
  v1::DeleteRecipientRequest erase;
  erase.set_name("recipients/ann");
  ASSERT_OK_AND_ASSIGN(const v1::Erasure started, Call(&Stub::DeleteRecipient, erase));
  EXPECT_EQ(started.state(), v1::Erasure::STATE_RUNNING);
  EXPECT_THAT(started.pending_services(), ElementsAre("scheduler", "report", "dispatch"));
  v1::ListPendingErasuresRequest pending;
  pending.set_service("gateway");
  EXPECT_THAT(Call(&Stub::ListPendingErasures, pending), HasViolation("service", _));
  v1::AcknowledgeErasureRequest acknowledge;
  acknowledge.set_name("erasures/1");
  EXPECT_THAT(Call(&Stub::AcknowledgeErasure, acknowledge),
              AllOf(HasViolation("name", _), HasViolation("service", _)));
  acknowledge.set_name(started.name());
  for (const std::string& service : started.pending_services()) {
    pending.set_service(service);
    ASSERT_OK_AND_ASSIGN(const auto found, Call(&Stub::ListPendingErasures, pending));
    ASSERT_EQ(found.erasures_size(), 1);
    EXPECT_EQ(found.erasures(0).name(), started.name());
    EXPECT_EQ(found.erasures(0).recipient(), "recipients/ann");
    EXPECT_EQ(found.erasures(0).email_address(), "ann@example.com");
    acknowledge.set_service(service);
    ASSERT_OK(Call(&Stub::AcknowledgeErasure, acknowledge));
  }
  v1::GetErasureRequest get;
  get.set_name(started.name());
  ASSERT_OK_AND_ASSIGN(const v1::Erasure done, Call(&Stub::GetErasure, get));
  EXPECT_EQ(done.state(), v1::Erasure::STATE_DONE);
  EXPECT_TRUE(done.has_end_time());
  v1::ListErasuresRequest list;
  ASSERT_OK_AND_ASSIGN(auto listed, Call(&Stub::ListErasures, list));
  EXPECT_EQ(listed.erasures_size(), 1);
  list.set_running_only(true);
  ASSERT_OK_AND_ASSIGN(listed, Call(&Stub::ListErasures, list));
  EXPECT_EQ(listed.erasures_size(), 0);

  EXPECT_THAT(Call(&Stub::DeleteRecipient, erase), StatusIs(absl::StatusCode::kNotFound));
  erase.set_allow_missing(true);
  EXPECT_OK(Call(&Stub::DeleteRecipient, erase));
}

TEST_F(PreferenceServiceTest, InvisibleCharactersOfNamesAreRemoved) {
  v1::UpsertRecipientsRequest request;
  v1::Recipient& given = *request.add_recipients();
  given.set_name("recipients/ann");
  given.set_email_address("ann@example.com");
  given.set_display_name("\u200bAnn\ufeff Lee\u200f");
  ASSERT_OK_AND_ASSIGN(const auto response, Call(&Stub::UpsertRecipients, request));
  EXPECT_EQ(response.recipients(0).display_name(), "Ann Lee");
}

TEST_F(PreferenceServiceTest, DefersInQuietHours) {
  ASSERT_OK(Register("ann", "ann@example.com"));
  clock_.Set(kNoon + absl::Hours(12));
  ASSERT_OK_AND_ASSIGN(const v1::Verdict verdict, Check("recipients/ann", type::CATEGORY_DEMO));
  EXPECT_EQ(verdict.decision(), v1::Verdict::DECISION_DEFER);
  EXPECT_EQ(verdict.reason(), v1::Verdict::REASON_QUIET_HOURS);
  EXPECT_EQ(verdict.retry_time().seconds(), absl::ToUnixSeconds(kNoon + absl::Hours(20)));
}

TEST_F(PreferenceServiceTest, RejectsInvalidChecks) {
  v1::CheckRecipientsRequest request;
  EXPECT_THAT(Call(&Stub::CheckRecipients, request), HasViolation("checks", _));
  request.add_checks()->set_recipient("recipients/a b");
  request.add_checks()->set_category(type::CATEGORY_DEMO);
  request.add_checks()->set_category(static_cast<type::Category>(42));
  const auto response = Call(&Stub::CheckRecipients, request);
  EXPECT_THAT(response, HasViolation("checks[0].recipient", _));
  EXPECT_THAT(response, HasViolation("checks[0].category", "is required"));
  EXPECT_THAT(response, HasViolation("checks[1].recipient", HasSubstr("email_address")));
  EXPECT_THAT(response, HasViolation("checks[2].category", HasSubstr("42")));
}

v1::UpdateSchoolRequest Change(const v1::School& school, std::vector<std::string> mask = {}) {
  v1::UpdateSchoolRequest request;
  *request.mutable_school() = school;
  for (std::string& path : mask) request.mutable_update_mask()->add_paths(std::move(path));
  return request;
}

TEST_F(PreferenceServiceTest, TheSchoolIsStoredAndChangedFieldByField) {
  ASSERT_OK_AND_ASSIGN(const v1::School first, Call(&Stub::GetSchool, {}));
  EXPECT_EQ(first.name(), "school");
  EXPECT_EQ(first.display_name(), "LMS");
  EXPECT_EQ(first.time_zone(), "UTC");
  EXPECT_TRUE(first.reports_after_leaving());
  v1::School edit;
  edit.set_time_zone("Pacific/Auckland");
  edit.set_language_code("de");
  edit.set_color("#1a6fb0");
  edit.set_reply_to("office@school.example");
  clock_.Advance(absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(const v1::School changed, Call(&Stub::UpdateSchool, Change(edit)));
  EXPECT_EQ(changed.time_zone(), "Pacific/Auckland");
  EXPECT_EQ(changed.color(), "#1a6fb0");
  EXPECT_EQ(changed.display_name(), "LMS");
  EXPECT_NE(changed.etag(), first.etag());
  EXPECT_GT(changed.update_time().seconds(), first.update_time().seconds());
  // What is to become empty or false is named.
  ASSERT_OK_AND_ASSIGN(const v1::School cleared,
                       Call(&Stub::UpdateSchool, Change({}, {"color", "reports_after_leaving"})));
  EXPECT_EQ(cleared.color(), "");
  EXPECT_FALSE(cleared.reports_after_leaving());
  EXPECT_EQ(cleared.reply_to(), "office@school.example");
  ASSERT_OK_AND_ASSIGN(const v1::School stored, Call(&Stub::GetSchool, {}));
  EXPECT_EQ(stored.SerializeAsString(), cleared.SerializeAsString());

  // Recipients without a language and a zone of their own have the school's at once.
  ASSERT_OK(Register("ann", "ann@example.com").status());
  ASSERT_OK_AND_ASSIGN(const v1::Verdict verdict, Check("recipients/ann", type::CATEGORY_PAYMENT));
  EXPECT_EQ(verdict.time_zone(), "Pacific/Auckland");
  EXPECT_EQ(verdict.language_code(), "de");
}

TEST_F(PreferenceServiceTest, TellsTheTimeZonesOfRecipients) {
  v1::UpsertRecipientsRequest upsert;
  upsert.add_recipients()->set_name("recipients/ann");
  upsert.mutable_recipients(0)->set_email_address("ann@example.com");
  upsert.mutable_recipients(0)->set_time_zone("Asia/Tokyo");
  upsert.add_recipients()->set_name("recipients/ben");
  upsert.mutable_recipients(1)->set_email_address("ben@example.com");
  ASSERT_OK(Call(&Stub::UpsertRecipients, upsert).status());
  v1::GetTimeZonesRequest request;
  for (const char* id : {"ben", "ann", "nobody"}) {
    request.add_recipients(std::string("recipients/") + id);
  }
  ASSERT_OK_AND_ASSIGN(const auto zones, Call(&Stub::GetTimeZones, request));
  EXPECT_THAT(zones.time_zones(), ::testing::ElementsAre("UTC", "Asia/Tokyo", "UTC"));
  EXPECT_THAT(Call(&Stub::GetTimeZones, {}).status(), HasViolation("recipients", _));
}

TEST_F(PreferenceServiceTest, RefusesASchoolThatIsWrongWithAllFaults) {
  v1::School wrong;
  wrong.set_name("schools/1");
  wrong.set_url("javascript:alert(1)");
  wrong.set_time_zone("Mars/Olympus");
  wrong.set_language_code("english!");
  wrong.set_color("blue");
  wrong.set_logo_url("//cdn.example/logo.png");
  wrong.set_reply_to("nobody");
  wrong.set_support_address("a@b");
  const auto refused =
      Call(&Stub::UpdateSchool, Change(wrong, {"*", "etag", "name", "postal_adress"})).status();
  for (const char* field : {"school.name", "school.display_name", "school.url", "school.time_zone",
                            "school.language_code", "school.color", "school.logo_url",
                            "school.reply_to", "school.support_address", "update_mask"}) {
    EXPECT_THAT(refused, HasViolation(field, _)) << field;
  }
  EXPECT_THAT(Call(&Stub::UpdateSchool, {}).status(), HasViolation("update_mask", _));
  v1::School stale;
  stale.set_display_name("Another");
  stale.set_etag("W/\"old\"");
  EXPECT_THAT(Call(&Stub::UpdateSchool, Change(stale)).status(),
              StatusIs(absl::StatusCode::kAborted));
}

}  // namespace
}  // namespace lmsmail::preference
