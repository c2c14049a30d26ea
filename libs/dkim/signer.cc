#include "libs/dkim/signer.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

#include "libs/dkim/canonicalization.h"
#include "libs/hash/sha256.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::dkim {
namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::size_t kLineLimit = 76;
// RFC 8301 section 3.2: signers should use 2048 bits at least, and verifiers need not support more
// than 4096.
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 4096;

// The fields to sign, in this order, each as often as it occurs. An oversigned field is named once
// more than it occurs, also if it does not occur, so that nobody can add one (RFC 6376
// section 8.15). These are the fields that mail programs show or act on. Receivers offer one-click
// unsubscription only if both List-Unsubscribe fields are signed (RFC 8058 section 4).
struct SignedField {
  std::string_view name;
  bool oversigned = false;
};
constexpr SignedField kSignedFields[] = {
    {"from", true},
    {"to", true},
    {"subject", true},
    {"date", true},
    {"reply-to", true},
    {"cc", true},
    {"message-id"},
    {"mime-version"},
    {"content-type", true},
    {"content-transfer-encoding"},
    {"list-unsubscribe", true},
    {"list-unsubscribe-post", true},
    {"list-id"},
    {"feedback-id"},
    {"auto-submitted"},
};

const unsigned char* Octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Base64(std::string_view octets) { return absl::Base64Escape(ToAbsl(octets)); }

struct MessageParts {
  std::vector<std::string_view> fields;  // each without its last CRLF
  std::string_view body;
};

// The position of the CRLF that ends the first field: no continuation line follows it.
std::size_t EndOfField(std::string_view message) {
  std::size_t end = message.find(kCrlf);
  while (end != std::string_view::npos) {
    const std::string_view next = message.substr(end + kCrlf.size());
    if (!next.starts_with(' ') && !next.starts_with('\t')) break;
    end = message.find(kCrlf, end + kCrlf.size());
  }
  return end;
}

absl::StatusOr<MessageParts> Split(std::string_view message) {
  MessageParts parts;
  while (!message.starts_with(kCrlf)) {
    const std::size_t end = EndOfField(message);
    if (end == std::string_view::npos) {
      return absl::InvalidArgumentError("the message has no empty line after its header");
    }
    const std::string_view field = message.substr(0, end);
    if (const std::size_t colon = field.find(':'); colon == 0 || colon == std::string_view::npos) {
      return absl::InvalidArgumentError("the message's header has a line without a field name");
    }
    parts.fields.push_back(field);
    message.remove_prefix(end + kCrlf.size());
  }
  parts.body = message.substr(kCrlf.size());
  return parts;
}

bool HasName(std::string_view field, std::string_view name) {
  const std::string_view found = field.substr(0, field.find(':'));
  return absl::EqualsIgnoreCase(ToAbsl(found.substr(0, found.find_last_not_of(" \t") + 1)),
                                ToAbsl(name));
}

// The "h=" names and the canonical octets of their fields.
struct SignedHeader {
  std::vector<std::string_view> names;
  std::string octets;
};

absl::StatusOr<SignedHeader> SelectFields(const std::vector<std::string_view>& fields) {
  SignedHeader header;
  for (const SignedField& signed_field : kSignedFields) {
    const std::size_t before = header.names.size();
    // From the last to the first: RFC 6376 section 5.4.2.
    for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
      if (!HasName(*field, signed_field.name)) continue;
      header.names.push_back(signed_field.name);
      AppendRelaxedHeader(*field, header.octets);
      header.octets.append(kCrlf);
    }
    if (signed_field.name == "from" && header.names.size() == before) {
      return absl::InvalidArgumentError("the message has no From field");
    }
    if (signed_field.oversigned) header.names.push_back(signed_field.name);
  }
  return header;
}

// "h=a:b:...", folded. White space around the colons has no meaning.
std::string FoldedNames(const std::vector<std::string_view>& names) {
  std::string text = "h=";
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text.push_back(':');
    if (text.size() - line_start + names[i].size() + 2 > kLineLimit) {
      text.append("\r\n ");
      line_start = text.size() - 1;
    }
    text.append(names[i]);
  }
  return text;
}

std::string FoldedBase64(std::string_view text) {
  std::string folded;
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kLineLimit - 4))) {
    if (!folded.empty()) folded.append("\r\n ");
    folded.append(text.substr(0, kLineLimit - 4));
  }
  return folded;
}

bool IsDnsName(std::string_view name) {
  std::size_t label = 0;
  for (const char c : name) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c == '.' ? label == 0 : !alnum && c != '-' && c != '_') return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  return label > 0 && name.size() <= 253;
}

// Makes a key with a passphrase fail instead of asking for it on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

absl::StatusOr<Signer> Signer::Create(std::string_view domain, std::string_view selector,
                                      std::string_view private_key) {
  if (!IsDnsName(domain) || domain.find('.') == std::string_view::npos) {
    return absl::InvalidArgumentError(
        "the DKIM domain must be a domain name such as school.example");
  }
  if (!IsDnsName(selector)) {
    return absl::InvalidArgumentError(
        "the DKIM selector must be one or more DNS labels such as lms1");
  }
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(
      BIO_new_mem_buf(private_key.data(), static_cast<int>(private_key.size())), BIO_free);
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr) : nullptr);
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        "the DKIM key must be a private key in PEM, without a passphrase");
  }
  const int type = EVP_PKEY_get_base_id(key.get());
  const int bits = EVP_PKEY_get_bits(key.get());
  if (type != EVP_PKEY_ED25519 && type != EVP_PKEY_RSA) {
    return absl::InvalidArgumentError("the DKIM key must be RSA or Ed25519");
  }
  if (type == EVP_PKEY_RSA && (bits < kMinRsaBits || bits > kMaxRsaBits)) {
    return absl::InvalidArgumentError(
        fmt::format("the DKIM key has {} bits: make one of {} to {} bits with "
                    "openssl genrsa -out FILE {}",
                    bits, kMinRsaBits, kMaxRsaBits, kMinRsaBits));
  }
  return Signer(domain, selector, std::move(key));
}

Signer::Signer(std::string_view domain, std::string_view selector, Key key)
    : domain_(domain),
      selector_(selector),
      key_(std::move(key)),
      ed25519_(EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_ED25519) {}

absl::StatusOr<std::string> Signer::SignOctets(std::string_view octets) const {
  // RFC 8463 section 3: Ed25519 signs the SHA-256 of the octets and uses no other digest.
  const std::string digest = ed25519_ ? hash::Sha256(octets) : "";
  const std::string_view input = ed25519_ ? digest : octets;
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = signature.size();
  const bool signed_ok =
      context != nullptr &&
      EVP_DigestSignInit(context.get(), nullptr, ed25519_ ? nullptr : EVP_sha256(), nullptr,
                         key_.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Octets(input), input.size()) == 1;
  ERR_clear_error();  // the error queue is per thread: a leftover would mislead later TLS calls
  if (!signed_ok) return absl::InternalError("OpenSSL could not make a DKIM signature");
  signature.resize(size);
  return signature;
}

absl::StatusOr<std::string> Signer::Sign(std::string_view message, absl::Time time) const {
  LMSMAIL_ASSIGN_OR_RETURN(const MessageParts parts, Split(message));
  LMSMAIL_ASSIGN_OR_RETURN(SignedHeader header, SelectFields(parts.fields));
  std::string field = fmt::format(
      "DKIM-Signature: v=1; a={}; c=relaxed/relaxed;\r\n d={}; s={}; t={};\r\n {};\r\n bh={};\r\n "
      "b=",
      ed25519_ ? "ed25519-sha256" : "rsa-sha256", domain_, selector_, absl::ToUnixSeconds(time),
      FoldedNames(header.names), Base64(hash::Sha256(RelaxedBody(parts.body))));
  // The signature covers its own field, with an empty "b=" and no CRLF (RFC 6376 section 3.7).
  AppendRelaxedHeader(field, header.octets);
  LMSMAIL_ASSIGN_OR_RETURN(const std::string signature, SignOctets(header.octets));
  return field.append(FoldedBase64(Base64(signature))).append(kCrlf);
}

std::string Signer::RecordName() const {
  return fmt::format("{}._domainkey.{}", selector_, domain_);
}

std::string Signer::RecordText() const {
  std::string key;
  if (ed25519_) {  // RFC 8463 section 4: the bare 32 octets
    std::size_t size = 32;
    key.resize(size);
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(key.data()), &size);
  } else {  // RFC 6376 section 3.6.1: SubjectPublicKeyInfo in DER
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    if (size > 0) key.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
  }
  return fmt::format("v=DKIM1; k={}; p={}", ed25519_ ? "ed25519" : "rsa", Base64(key));
}

}  // namespace lmsmail::dkim
