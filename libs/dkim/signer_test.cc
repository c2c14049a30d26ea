#include "libs/dkim/signer.h"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::dkim {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
const absl::Time kTime = absl::FromUnixSeconds(1528637909);

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

std::string Pem(const Key& key, const char* passphrase = nullptr) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), key.get(), passphrase ? EVP_aes_128_cbc() : nullptr, nullptr,
                           0, nullptr, const_cast<char*>(passphrase));
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Key RsaKey(unsigned bits) { return {EVP_RSA_gen(bits), EVP_PKEY_free}; }

const std::string& RsaPem() {
  static const std::string pem = Pem(RsaKey(2048));
  return pem;
}

// The key of RFC 8463 appendix A.2, from test 1 of RFC 8032 section 7.1.
std::string Ed25519Pem() {
  constexpr unsigned char kSeed[] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
                                     0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                     0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
                                     0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
  return Pem({EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, kSeed, sizeof kSeed),
              EVP_PKEY_free});
}

// The message of RFC 8463 appendix A.3.
constexpr std::string_view kFootball =
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzi Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game.  Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n";

constexpr std::string_view kWeekly =
    "Date: Thu, 29 Feb 2024 12:34:56 +0000\r\n"
    "From: LMS School <no-reply@football.example.com>\r\n"
    "Reply-To: \"Doe, Jane\" <jane@football.example.com>\r\n"
    "To: =?utf-8?B?Sm9zw6kgRG9l?= <jose@example.com>\r\n"
    "Subject: Your week,  folded\r\n"
    " onto two lines\r\n"
    "Message-ID: <17.abc@football.example.com>\r\n"
    "List-Id: <weekly.football.example.com>\r\n"
    "List-Unsubscribe: <https://u.example.com/u/token>,\r\n"
    " <mailto:u@example.com?subject=token>\r\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    "Feedback-ID: a:b:c:lmsmail\r\n"
    "Auto-Submitted: auto-generated\r\n"
    "X-Course: unsigned\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "Hello \t Jos=C3=A9\r\n"
    "\r\n"
    "  indented\r\n"
    "\r\n";

Signer MakeSigner(const std::string& pem) {
  return Signer::Create("football.example.com", "brisbane", pem).value();
}

// The unfolded value of the signature's tag `name`.
std::string Tag(std::string field, std::string_view name) {
  for (std::size_t fold; (fold = field.find("\r\n ")) != std::string::npos;) field.erase(fold, 3);
  const std::string start = fmt::format(";{}=", name);
  std::string compact;
  for (const char c : field) {
    if (c != ' ' && c != '\r' && c != '\n') compact.push_back(c);
  }
  const std::size_t begin = compact.find(start) + start.size();
  return compact.substr(begin, compact.find(';', begin) - begin);
}

TEST(SignerTest, HashesTheBodyOfTheRfc8463Example) {
  ASSERT_OK_AND_ASSIGN(const std::string field, MakeSigner(Ed25519Pem()).Sign(kFootball, kTime));
  EXPECT_EQ(Tag(field, "bh"), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
  EXPECT_EQ(Tag(field, "a"), "ed25519-sha256");
  EXPECT_EQ(Tag(field, "d"), "football.example.com");
  EXPECT_EQ(Tag(field, "s"), "brisbane");
  EXPECT_EQ(Tag(field, "t"), "1528637909");
}

TEST(SignerTest, PublishesTheKeyOfTheRfc8463Example) {
  const Signer signer = MakeSigner(Ed25519Pem());
  EXPECT_EQ(signer.RecordName(), "brisbane._domainkey.football.example.com");
  EXPECT_EQ(signer.RecordText(),
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  EXPECT_THAT(MakeSigner(RsaPem()).RecordText(), StartsWith("v=DKIM1; k=rsa; p=MIIB"));
}

TEST(SignerTest, SignsAndOversignsTheConfiguredFields) {
  ASSERT_OK_AND_ASSIGN(const std::string football, MakeSigner(Ed25519Pem()).Sign(kFootball, kTime));
  EXPECT_EQ(Tag(football, "h"),
            "from:from:to:to:subject:subject:date:date:reply-to:cc:message-id:content-type:"
            "list-unsubscribe:list-unsubscribe-post");
  ASSERT_OK_AND_ASSIGN(const std::string weekly, MakeSigner(Ed25519Pem()).Sign(kWeekly, kTime));
  EXPECT_EQ(Tag(weekly, "h"),
            "from:from:to:to:subject:subject:date:date:reply-to:reply-to:cc:message-id:"
            "mime-version:content-type:content-type:"
            "content-transfer-encoding:list-unsubscribe:list-unsubscribe:list-unsubscribe-post:"
            "list-unsubscribe-post:list-id:feedback-id:auto-submitted");
}

TEST(SignerTest, WritesADeterministicFoldedField) {
  for (const std::string& pem : {RsaPem(), Ed25519Pem()}) {
    const Signer signer = MakeSigner(pem);
    ASSERT_OK_AND_ASSIGN(const std::string field, signer.Sign(kWeekly, kTime));
    EXPECT_THAT(field, AllOf(StartsWith("DKIM-Signature: v=1; a="), EndsWith("\r\n")));
    for (std::string_view rest = field; !rest.empty();) {
      const std::size_t end = rest.find("\r\n");
      EXPECT_LE(end, 78u) << rest.substr(0, end);
      rest.remove_prefix(end + 2);
    }
    EXPECT_THAT(signer.Sign(kWeekly, kTime), IsOkAndHolds(field));
    EXPECT_THAT(signer.Sign(kWeekly, kTime + absl::Seconds(1)), IsOkAndHolds(Not(field)));
  }
}

TEST(SignerTest, IsThreadSafe) {
  const Signer signer = MakeSigner(RsaPem());
  ASSERT_OK_AND_ASSIGN(const std::string expected, signer.Sign(kWeekly, kTime));
  std::vector<std::string> found(4);
  std::vector<std::thread> threads;
  for (std::string& field : found) {
    threads.emplace_back([&signer, &field] {
      for (int i = 0; i < 20; ++i) field = signer.Sign(kWeekly, kTime).value_or("");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(found, ::testing::Each(expected));
}

TEST(SignerTest, RejectsMalformedMessages) {
  const Signer signer = MakeSigner(Ed25519Pem());
  EXPECT_THAT(signer.Sign("", kTime), StatusIs(kInvalid, HasSubstr("empty line")));
  EXPECT_THAT(signer.Sign("a b", kTime), StatusIs(kInvalid, HasSubstr("empty line")));
  EXPECT_THAT(signer.Sign("From: a@b.example", kTime), StatusIs(kInvalid, HasSubstr("empty line")));
  EXPECT_THAT(signer.Sign("From: a@b.example\r\n", kTime),
              StatusIs(kInvalid, HasSubstr("empty line")));
  EXPECT_THAT(signer.Sign("From: a\r\n \r\n b", kTime),
              StatusIs(kInvalid, HasSubstr("empty line")));
  EXPECT_THAT(signer.Sign("nonsense\r\n\r\n", kTime), StatusIs(kInvalid, HasSubstr("field name")));
  EXPECT_THAT(signer.Sign("To: a@b.example\r\n\r\nx", kTime),
              StatusIs(kInvalid, HasSubstr("From")));
  EXPECT_OK(signer.Sign("From: a@b.example\r\n\r\n", kTime));
}

TEST(SignerTest, DescribesConfigurationErrors) {
  const auto create = [](std::string_view domain, std::string_view selector,
                         const std::string& key) {
    return Signer::Create(domain, selector, key).status();
  };
  EXPECT_THAT(create("localhost", "s", Ed25519Pem()), StatusIs(kInvalid, HasSubstr("domain")));
  EXPECT_THAT(create("a.example; x", "s", Ed25519Pem()), StatusIs(kInvalid, HasSubstr("domain")));
  EXPECT_THAT(create("a..example", "s", Ed25519Pem()), StatusIs(kInvalid, HasSubstr("domain")));
  EXPECT_THAT(create("a.example", "s\r\n", Ed25519Pem()),
              StatusIs(kInvalid, HasSubstr("selector")));
  EXPECT_THAT(create("a.example", "s", "no key"), StatusIs(kInvalid, HasSubstr("PEM")));
  for (const unsigned bits : {512u, 1024u, 2047u}) {
    EXPECT_THAT(create("a.example", "s", Pem(RsaKey(bits))),
                StatusIs(kInvalid, AllOf(HasSubstr(fmt::format("has {} bits", bits)),
                                         HasSubstr("openssl genrsa -out FILE 2048"))));
  }
  EXPECT_THAT(create("a.example", "s", Pem({EVP_EC_gen("P-256"), EVP_PKEY_free})),
              StatusIs(kInvalid, HasSubstr("RSA or Ed25519")));
  EXPECT_THAT(create("a.example", "s", Pem(RsaKey(2048), "passphrase")),
              StatusIs(kInvalid, HasSubstr("without a passphrase")));
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t found = text.find(from);
  EXPECT_NE(found, std::string::npos) << from;
  return text.replace(found, from.size(), to);
}

// dkimpy, an independent verifier, must accept intact messages and reject changed ones.
TEST(SignerTest, IsVerifiedByDkimpy) {
  const TemporaryFolder folder;
  int cases = 0;
  const auto add = [&](std::string_view verdict, const Signer& signer, std::string_view message) {
    const std::string name = fmt::format("{:03}", cases++);
    folder.Write(name + ".eml", message);
    folder.Write(name + ".expected",
                 fmt::format("{}\n{}\n{}\n", verdict, signer.RecordName(), signer.RecordText()));
  };
  for (const std::string& pem : {RsaPem(), Ed25519Pem()}) {
    const Signer signer = MakeSigner(pem);
    const auto signed_mail = [&signer](std::string_view message) {
      return signer.Sign(message, kTime).value_or("") + std::string(message);
    };
    const std::string weekly = signed_mail(kWeekly);
    add("valid", signer, weekly);
    add("valid", signer, signed_mail(kFootball));
    add("valid", signer, signed_mail("From: a@football.example.com\r\n\r\n"));
    add("valid", signer, signed_mail("From: a@football.example.com\r\n\r\n\r\n\r\nx"));
    add("valid", signer,
        signed_mail("From: a@football.example.com\r\nReply-To: b@x.example\r\n"
                    "Reply-To: c@x.example\r\n\r\ntwice a field\r\n"));
    // Changes that a relay may make.
    add("valid", signer, "Received: by relay.example\r\n" + weekly);
    add("valid", signer, Replaced(weekly, "X-Course: unsigned", "X-Course: other"));
    add("valid", signer, Replaced(weekly, "week,  folded\r\n onto", "week, folded onto"));
    add("valid", signer, Replaced(weekly, "Hello \t Jos", "Hello Jos"));
    // Changes that invalidate the signature.
    add("invalid", signer, Replaced(weekly, "  indented", "  intended"));
    add("invalid", signer, Replaced(weekly, "Your week", "Your weak"));
    add("invalid", signer, Replaced(weekly, "u/token", "u/taken"));
    add("invalid", signer,
        Replaced(weekly, "List-Unsubscribe=One-Click", "List-Unsubscribe=Two-Click"));
    add("invalid", signer, Replaced(weekly, "List-Id: <weekly", "List-Id: <daily"));
    add("invalid", signer, Replaced(weekly, "t=1528637909", "t=1528637908"));
    add("invalid", signer, weekly + "appended\r\n");
    // Fields that somebody adds, above those of the same name or where there was none.
    const std::string bare = signed_mail("From: a@football.example.com\r\n\r\nx");
    for (const char* field : {"From", "To", "Subject", "Date", "Reply-To", "Cc", "Content-Type",
                              "List-Unsubscribe", "List-Unsubscribe-Post"}) {
      const std::string added = fmt::format("{}: Eve <eve@example.com>\r\n", field);
      add("invalid", signer, added + weekly);
      add("invalid", signer, added + bare);
    }
  }
  const std::string command =
      fmt::format("/usr/bin/python3 '{}' '{}' {}", DKIM_VERIFY, folder.path().string(), cases);
  EXPECT_EQ(std::system(command.c_str()), 0) << "see the wrong verdicts above";
}

}  // namespace
}  // namespace lmsmail::dkim
