use super::*;
#[test]
fn scans_stop_at_the_first_foreign_byte() {
    assert_eq!(token_end(b"abc:d", 0), 3);
    assert_eq!(token_end(b"abc", 1), 3);
    assert_eq!(value_end(b"a b\tc\xff\r", 0), 6);
    assert_eq!(target_end(b"/a?b|{}\"[]#x", 0), 10);
    assert_eq!(target_end(b"/ ", 2), 2);
}
