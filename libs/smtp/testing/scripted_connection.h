#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libs/smtp/testing/scripted_server.h"

namespace lmsmail::smtp::testing {

// The state that all connections share.
class Script {
 public:
  virtual ~Script() = default;
  virtual const ServerOptions& options() const = 0;
  virtual boost::asio::ssl::context& tls() = 0;
  // Counts and records the step. Returns the injection that applies to it, if any.
  virtual std::optional<Injection> OnStep(Step step, std::string_view line) = 0;
  virtual boost::asio::awaitable<void> Hold() = 0;
  virtual void Record(ReceivedMail mail) = 0;
};

// The server's end of one connection.
class ScriptedConnection : public std::enable_shared_from_this<ScriptedConnection> {
 public:
  ScriptedConnection(boost::asio::ip::tcp::socket socket, size_t number, Script& script);

  boost::asio::awaitable<void> Run();
  void Close();

 private:
  // All return false when the connection must be closed.
  using KeepOpen = boost::asio::awaitable<bool>;

  KeepOpen Serve();
  KeepOpen HandleCommand();
  // Sends `default_reply` unless an injection says otherwise. Sets last_class_ to the first digit.
  KeepOpen SendReply(Step step, std::string_view default_reply);
  KeepOpen HandleMail();
  KeepOpen HandleRcpt();
  KeepOpen HandleData();
  KeepOpen ReceiveMessage();
  KeepOpen HandleAuth();
  KeepOpen HandleStartTls();
  KeepOpen Encrypt();

  KeepOpen ReadLine();  // into line_
  KeepOpen Fill();
  KeepOpen Flush();
  std::string EhloReply() const;
  bool Accepted() const { return last_class_ == '2'; }

  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  Script& script_;
  std::string input_;
  size_t consumed_ = 0;  // of input_
  std::string output_;
  std::string line_;
  char last_class_ = '2';
  ReceivedMail mail_;
  bool mail_open_ = false;
  size_t messages_ = 0;
};

}  // namespace lmsmail::smtp::testing
