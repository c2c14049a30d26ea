#pragma once

// The nice values of threads that serve ordinary mail (setpriority(2)).
namespace lmsmail::dispatch {

// Threads that claim, render and record ordinary mail use all the CPU they get; every other thread
// goes first.
inline constexpr int kOrdinaryThreadNice = 15;
// Below those, so that several replies wait when the thread runs. When it woke for
// each reply, it and the server preempted the other threads once a mail: 15 % fewer mails a second.
inline constexpr int kSmtpThreadNice = 19;

}  // namespace lmsmail::dispatch
