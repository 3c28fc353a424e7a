//! All mail arrives, once, or goes back.

use std::sync::Arc;

use loom::thread;

use super::check;
use super::mailbox::Mailbox;
use super::sync::Signal;

struct Post {
    mailbox: Mailbox<u32>,
    waker: Signal,
}

impl Post {
    fn new() -> Arc<Self> {
        Arc::new(Self { mailbox: Mailbox::new(), waker: Signal::default() })
    }

    fn send(&self, mail: u32) -> Result<(), u32> {
        if self.mailbox.send(mail)? {
            self.waker.set();
        }
        Ok(())
    }
}

/// A loop that sleeps until it is woken gets everything: who sends tells by the answer whether it
/// has to wake the loop.
#[test]
fn mail_wakes_the_loop() {
    check("waking mail", Some(3), || {
        let post = Post::new();
        for sender in [10, 20] {
            let post = Arc::clone(&post);
            thread::spawn(move || {
                for number in 0..2 {
                    post.send(sender + number).unwrap();
                }
            });
        }
        let (mut all, mut taken) = (Vec::new(), Vec::new());
        while all.len() < 4 {
            post.waker.wait();
            post.mailbox.take(&mut taken);
            all.append(&mut taken);
        }
        for sender in [1, 2] {
            let theirs: Vec<u32> = all.iter().copied().filter(|mail| mail / 10 == sender).collect();
            assert_eq!(theirs, [sender * 10, sender * 10 + 1], "each once, in order");
        }
    });
}

/// When the loop ends, each piece of mail was read, or is given to the one who closes, or goes back
/// to who sent it.
#[test]
fn mail_to_a_loop_that_ends_is_read_or_given_back() {
    check("mail at the end", None, || {
        let post = Post::new();
        let senders: Vec<_> = [10, 20]
            .into_iter()
            .map(|sender| {
                let post = Arc::clone(&post);
                thread::spawn(move || {
                    let numbers = [sender, sender + 1].into_iter();
                    numbers.filter_map(|mail| post.send(mail).err()).collect::<Vec<_>>()
                })
            })
            .collect();
        let mut all = Vec::new();
        post.mailbox.take(&mut all);
        all.extend(post.mailbox.close());
        for sender in senders {
            all.extend(sender.join().unwrap());
        }
        assert_eq!(post.mailbox.close(), [], "closed is closed");
        all.sort_unstable();
        assert_eq!(all, [10, 11, 20, 21]);
    });
}

/// A loop that ends only when there is no mail has read all that anybody could send.
#[test]
fn mail_keeps_a_loop_from_ending() {
    check("mail before the end", None, || {
        let post = Post::new();
        let senders: Vec<_> = [10, 20]
            .into_iter()
            .map(|mail| {
                let post = Arc::clone(&post);
                thread::spawn(move || post.send(mail).err())
            })
            .collect();
        let (mut all, mut taken) = (Vec::new(), Vec::new());
        while !post.mailbox.close_if_empty() {
            post.mailbox.take(&mut taken);
            assert!(!taken.is_empty(), "something kept it open");
            all.append(&mut taken);
        }
        all.extend(senders.into_iter().filter_map(|sender| sender.join().unwrap()));
        assert_eq!(post.mailbox.close(), [], "nothing came after the end");
        all.sort_unstable();
        assert_eq!(all, [10, 20]);
    });
}
