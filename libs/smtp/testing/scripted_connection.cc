#include "libs/smtp/testing/scripted_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/core.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace lmsmail::smtp::testing {

namespace asio = boost::asio;

namespace {

constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view kDisconnectAfterLimit = "421 4.7.0 Too many messages, closing";

Step StepOf(std::string_view line) {
  const auto is = [&](absl::string_view verb) {
    return absl::StartsWithIgnoreCase({line.data(), line.size()}, verb);
  };
  if (is("MAIL FROM:")) return Step::kMail;
  if (is("RCPT TO:")) return Step::kRcpt;
  if (is("DATA")) return Step::kData;
  if (is("RSET")) return Step::kRset;
  if (is("EHLO")) return Step::kEhlo;
  if (is("HELO")) return Step::kHelo;
  if (is("STARTTLS")) return Step::kStartTls;
  if (is("AUTH ")) return Step::kAuth;
  if (is("NOOP")) return Step::kNoop;
  if (is("QUIT")) return Step::kQuit;
  return Step::kUnknown;
}

// "a@b" of "MAIL FROM:<a@b> SIZE=1".
std::string PathOf(const std::string& line) {
  const size_t open = line.find('<');
  const size_t close = line.find('>');
  return open == std::string::npos || close == std::string::npos
             ? ""
             : line.substr(open + 1, close - open - 1);
}

std::string ParametersOf(const std::string& line) {
  const size_t close = line.find("> ");
  return close == std::string::npos ? "" : line.substr(close + 2);
}

std::string Unstuffed(std::string_view wire) {
  std::string message;
  message.reserve(wire.size());
  bool line_start = true;
  for (const char c : wire) {
    if (!(line_start && c == '.')) message.push_back(c);
    line_start = c == '\n';
  }
  return message;
}

}  // namespace

ScriptedConnection::ScriptedConnection(asio::ip::tcp::socket socket, size_t number, Script& script)
    : socket_(std::move(socket)), script_(script) {
  mail_.connection = number;
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void ScriptedConnection::Close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> ScriptedConnection::Run() {
  const auto keep_alive = shared_from_this();
  co_await Serve();
  co_await Flush();
  Close();
}

ScriptedConnection::KeepOpen ScriptedConnection::Serve() {
  if (script_.options().tls == TlsMode::kImplicit) {
    if (!co_await Encrypt()) co_return false;
  }
  const bool keep_open = co_await SendReply(Step::kConnect, "220 scripted.test ESMTP");
  if (!keep_open) co_return false;
  while (co_await ReadLine()) {
    if (!co_await HandleCommand()) break;
  }
  co_return false;
}

ScriptedConnection::KeepOpen ScriptedConnection::HandleCommand() {
  const Step step = StepOf(line_);
  switch (step) {
    case Step::kEhlo: {
      const std::string reply = EhloReply();
      co_return co_await SendReply(step, reply);
    }
    case Step::kHelo:
      co_return co_await SendReply(step, "250 scripted.test");
    case Step::kStartTls:
      co_return co_await HandleStartTls();
    case Step::kAuth:
      co_return co_await HandleAuth();
    case Step::kMail:
      co_return co_await HandleMail();
    case Step::kRcpt:
      co_return co_await HandleRcpt();
    case Step::kData:
      co_return co_await HandleData();
    case Step::kRset:
      mail_open_ = false;
      co_return co_await SendReply(step, "250 2.0.0 Reset");
    case Step::kNoop:
      co_return co_await SendReply(step, "250 2.0.0 Ok");
    case Step::kQuit:
      co_await SendReply(step, "221 2.0.0 Bye");
      co_return false;
    default:
      co_return co_await SendReply(Step::kUnknown, "500 5.5.1 Unknown command");
  }
}

ScriptedConnection::KeepOpen ScriptedConnection::SendReply(Step step,
                                                           std::string_view default_reply) {
  const std::optional<Injection> injection = script_.OnStep(step, line_);
  if (!injection.has_value()) {
    last_class_ = default_reply[0];
    output_.append(default_reply).append("\r\n");
    co_return true;
  }
  if (injection->hold) {
    if (!co_await Flush()) co_return false;
    co_await script_.Hold();
  }
  const std::string reply = injection->reply.value_or(std::string(default_reply));
  if (!reply.empty()) {
    last_class_ = reply[0];
    output_.append(reply).append("\r\n");
  }
  co_return !injection->disconnect;
}

ScriptedConnection::KeepOpen ScriptedConnection::HandleMail() {
  if (mail_open_) co_return co_await SendReply(Step::kMail, "503 5.5.1 Nested MAIL");
  const size_t limit = script_.options().closes_after_messages;
  if (limit != 0 && messages_ >= limit) {
    co_await SendReply(Step::kMail, kDisconnectAfterLimit);
    co_return false;
  }
  const bool keep_open = co_await SendReply(Step::kMail, "250 2.1.0 Ok");
  if (!keep_open) co_return false;
  mail_open_ = Accepted();
  mail_.recipients.clear();
  mail_.envelope_from = PathOf(line_);
  mail_.mail_parameters = ParametersOf(line_);
  co_return true;
}

ScriptedConnection::KeepOpen ScriptedConnection::HandleRcpt() {
  if (!mail_open_) co_return co_await SendReply(Step::kRcpt, "503 5.5.1 No MAIL");
  const bool keep_open = co_await SendReply(Step::kRcpt, "250 2.1.5 Ok");
  if (!keep_open) co_return false;
  if (Accepted()) mail_.recipients.push_back(PathOf(line_));
  co_return true;
}

ScriptedConnection::KeepOpen ScriptedConnection::HandleData() {
  if (mail_.recipients.empty() && !(mail_open_ && script_.options().goes_ahead_without_recipient)) {
    co_return co_await SendReply(Step::kData, "554 5.5.1 No valid recipients");
  }
  const bool keep_open = co_await SendReply(Step::kData, "354 Go ahead");
  if (!keep_open) co_return false;
  if (last_class_ == '3') co_return co_await ReceiveMessage();
  co_return true;
}

ScriptedConnection::KeepOpen ScriptedConnection::ReceiveMessage() {
  if (consumed_ == input_.size()) {
    if (!co_await Fill()) co_return false;
  }
  if (const auto injection = script_.OnStep(Step::kMessage, "")) {
    if (injection->hold) co_await script_.Hold();
    if (injection->reply.has_value()) output_.append(*injection->reply).append("\r\n");
    if (injection->disconnect) co_return false;
  }
  // The final dot of an empty message is the first thing read.
  size_t searched = consumed_;
  size_t end = std::string::npos;
  while (true) {
    if (input_.compare(consumed_, 3, ".\r\n") == 0) {
      end = consumed_;
      break;
    }
    const size_t dot = input_.find("\r\n.\r\n", searched);
    if (dot != std::string::npos) {
      end = dot + 2;
      break;
    }
    const size_t before = input_.size() - consumed_;
    if (!co_await Fill()) co_return false;
    searched = consumed_ + (before > 4 ? before - 4 : 0);
  }
  const std::string_view wire(input_.data() + consumed_, end - consumed_);
  mail_.message = script_.options().records ? Unstuffed(wire) : "";
  consumed_ = end + 3;
  line_.clear();
  const bool keep_open = co_await SendReply(Step::kFinalDot, "250 2.0.0 Ok: queued");
  if (!keep_open) co_return false;
  if (Accepted()) {
    mail_.tls = tls_.has_value();
    script_.Record(mail_);
  }
  ++messages_;
  mail_open_ = false;
  mail_.recipients.clear();
  co_return true;
}

ScriptedConnection::KeepOpen ScriptedConnection::HandleAuth() {
  const ServerOptions& options = script_.options();
  const std::string command = line_;
  const size_t space = command.find(' ', 5);
  const std::string mechanism = command.substr(5, space == std::string::npos ? space : space - 5);
  std::string response = space == std::string::npos ? "" : command.substr(space + 1);
  const auto challenge = [&](const char* reply) -> KeepOpen {
    if (!co_await SendReply(Step::kAuth, reply)) co_return false;
    if (last_class_ != '3') co_return true;
    co_return co_await ReadLine();
  };

  const bool oauth = mechanism.find("OAUTH") != std::string::npos;
  bool good = false;
  if (mechanism == "LOGIN") {
    bool keep_open = co_await challenge("334 VXNlcm5hbWU6");
    if (!keep_open || last_class_ != '3') co_return keep_open;
    const std::string user = line_;
    keep_open = co_await challenge("334 UGFzc3dvcmQ6");
    if (!keep_open || last_class_ != '3') co_return keep_open;
    good =
        user == absl::Base64Escape(options.username) && line_ == absl::Base64Escape(options.secret);
  } else {
    if (response.empty()) {
      const bool keep_open = co_await challenge("334 ");
      if (!keep_open) co_return false;
      response = line_;
    }
    std::string decoded;
    absl::Base64Unescape(response, &decoded);
    good = oauth ? absl::StrContains(decoded, options.username) &&
                       absl::StrContains(decoded,
                                         "\x01"
                                         "auth=Bearer " +
                                             options.secret + "\x01\x01")
                 : decoded == '\0' + options.username + '\0' + options.secret;
  }
  if (good) co_return co_await SendReply(Step::kAuth, "235 2.7.0 Welcome");
  // OAuth servers send the reason as one more challenge before they reject the login.
  if (oauth) {
    const bool keep_open = co_await challenge("334 eyJzdGF0dXMiOiI0MDEifQ==");
    if (!keep_open) co_return false;
  }
  co_return co_await SendReply(Step::kAuth, "535 5.7.8 Bad credentials");
}

ScriptedConnection::KeepOpen ScriptedConnection::HandleStartTls() {
  const bool keep_open = co_await SendReply(Step::kStartTls, "220 2.0.0 Go ahead");
  if (!keep_open) co_return false;
  if (!Accepted()) co_return true;
  output_.append(script_.options().plaintext_after_starttls);
  if (!co_await Flush()) co_return false;
  co_return co_await Encrypt();
}

ScriptedConnection::KeepOpen ScriptedConnection::Encrypt() {
  tls_.emplace(socket_, script_.tls());
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kToTuple);
  co_return !error;
}

std::string ScriptedConnection::EhloReply() const {
  const ServerOptions& options = script_.options();
  if (!options.knows_ehlo) return "500 5.5.1 Unknown command";
  std::vector<std::string> lines = {"scripted.test greets you"};
  if (options.pipelining) lines.emplace_back("PIPELINING");
  if (options.eight_bit_mime) lines.emplace_back("8bitmime");
  if (options.smtputf8) lines.emplace_back("SMTPUTF8");
  if (options.size.has_value()) lines.push_back(fmt::format("SIZE {}", *options.size));
  if (options.tls == TlsMode::kStartTls && !tls_.has_value()) lines.emplace_back("STARTTLS");
  const bool may_authenticate = options.tls != TlsMode::kStartTls || tls_.has_value();
  if (!options.auth_mechanisms.empty() && may_authenticate) {
    lines.push_back("AUTH " + absl::StrJoin(options.auth_mechanisms, " "));
  }
  lines.emplace_back("ENHANCEDSTATUSCODES");
  std::string reply;
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool last = i + 1 == lines.size();
    reply += fmt::format("250{}{}{}", last ? ' ' : '-', lines[i], last ? "" : "\r\n");
  }
  return reply;
}

ScriptedConnection::KeepOpen ScriptedConnection::ReadLine() {
  while (true) {
    const size_t end = input_.find("\r\n", consumed_);
    if (end != std::string::npos) {
      line_.assign(input_, consumed_, end - consumed_);
      consumed_ = end + 2;
      co_return true;
    }
    if (!co_await Fill()) co_return false;
  }
}

// Sends pending replies only when no input is left, so that a group of commands gets its replies
// together.
ScriptedConnection::KeepOpen ScriptedConnection::Fill() {
  if (!co_await Flush()) co_return false;
  input_.erase(0, std::exchange(consumed_, 0));
  constexpr size_t kChunk = 64 * 1024;
  const size_t size = input_.size();
  input_.resize(size + kChunk);
  const auto buffer = asio::buffer(input_.data() + size, kChunk);
  size_t read = 0;
  bool ok = false;
  if (tls_.has_value()) {
    const auto [error, bytes] = co_await tls_->async_read_some(buffer, kToTuple);
    ok = !error;
    read = bytes;
  } else {
    const auto [error, bytes] = co_await socket_.async_read_some(buffer, kToTuple);
    ok = !error;
    read = bytes;
  }
  input_.resize(size + read);
  co_return ok;
}

ScriptedConnection::KeepOpen ScriptedConnection::Flush() {
  const std::string output = std::exchange(output_, {});
  const size_t step = script_.options().byte_by_byte ? 1 : output.size();
  for (size_t at = 0; at < output.size(); at += step) {
    const auto piece = asio::buffer(output.data() + at, step);
    if (tls_.has_value()) {
      const auto [error, bytes] = co_await asio::async_write(*tls_, piece, kToTuple);
      if (error) co_return false;
    } else {
      const auto [error, bytes] = co_await asio::async_write(socket_, piece, kToTuple);
      if (error) co_return false;
    }
  }
  co_return true;
}

}  // namespace lmsmail::smtp::testing
