//! Prompts in seven languages, and the keys they name.

use super::{keys_in, may_name};

fn keys(text: &str) -> String {
    let keys: Vec<String> = keys_in(text).into_iter().map(|found| found.key).collect();
    keys.join(" ")
}

fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(keys(text), *expected, "{text}");
    }
}

#[test]
fn english() {
    check(&[
        ("To book a table press 1, to speak to us press 2.", "1 2"),
        ("For English, press one.", "1"),
        (
            "Press star to go back, press hash to end, press pound or asterisk",
            "* # # *",
        ),
        ("press the star key", "*"),
        ("press the number 1 on your keypad", "1"),
        ("Press key number two", "2"),
        ("press \"3\" or '4'", "3 4"),
        ("press *, or press #", "* #"),
        ("Press 1 or 2.", "1 2"),
        ("Press 1, 2 or 3.", "1 2 3"),
        ("Press 1, 2, or 3.", "1 2 3"),
        ("Press 1, 2 people are waiting", "1"),
        ("Press 1 to 5 to rate us", "1 2 3 4 5"),
        ("Press 1 to connect now", "1"),
        ("press 12 for the spa", "12"),
        ("press 101 for the spa", "101"),
        ("Dial 0 for the operator", "0"),
        (
            "Press 1 for bookings, 2 for hours, or 4 for directions.",
            "1 2 4",
        ),
        ("by pressing 1 you agree", "1"),
        ("PRESS 1 NOW", "1"),
        ("Press 1.", "1"),
        ("Press 1 at any time", "1"),
        ("key 1 for yes, key 2 for no", "1 2"),
        ("Press 1\nPress\n2", "1 2"),
    ]);
}

#[test]
fn english_that_means_no_key() {
    check(&[
        ("Say yes or no", ""),
        ("We express 1 thing", ""),
        ("the empress 1", ""),
        ("pressed 1", ""),
        ("press one of the keys", ""),
        ("press one or more keys", ""),
        ("press 1 and one of our staff will help", "1"),
        ("enter the four digits", ""),
        ("dial 1-800-555-1234", ""),
        ("dial 1 800 555 1234", ""),
        ("dial +65 6833 2048", ""),
        ("dial 65683320", ""),
        ("press 1st", ""),
        ("press 20251", ""),
        ("press 1.5", ""),
        ("the press 10:30 briefing", ""),
        ("key in your number", ""),
        ("press any key", ""),
        ("press {key}", ""),
        ("press", ""),
        ("open from 11 to 3, table for 2", ""),
        ("press 1 3 times", ""),
        ("push 2-way sound", ""),
    ]);
}

#[test]
fn chinese() {
    check(&[
        ("订位或改位请按1,与店员通话请按2,营业时间请按3。", "1 2 3"),
        ("請按二", "2"),
        ("请按１", "1"),
        ("按数字键1", "1"),
        ("请按下1号键", "1"),
        ("请按1、2或3", "1 2 3"),
        ("返回请按星号键,结束请按井号", "* #"),
        ("请按*键", "*"),
        ("按0转人工", "0"),
        ("请按「3」", "3"),
        ("请按一下", ""),
        ("请按一次", ""),
        ("按照2025年", ""),
        ("请输入6位编号", ""),
        ("請撥9", "9"),
        ("一共有二人", ""),
        ("请按1至5评分", "1 2 3 4 5"),
    ]);
}

#[test]
fn malay_and_indonesian() {
    check(&[
        ("Untuk Bahasa Melayu, tekan 2.", "2"),
        ("Tekan satu untuk tempahan, tekan dua untuk bantuan", "1 2"),
        ("Silakan tekan angka 3", "3"),
        ("tekan bintang, tekan tombol pagar", "* #"),
        ("tekan 1 atau 2", "1 2"),
        ("tekan satu kali", ""),
        ("tekanan 1", ""),
        ("tekan delapan, tekan lapan", "8 8"),
        ("tekan 1 untuk tempahan, 2 untuk bantuan", "1 2"),
    ]);
}

#[test]
fn thai_vietnamese_japanese_korean() {
    check(&[
        ("สำรองโต๊ะ กด 1 ติดต่อพนักงาน กด 2", "1 2"),
        ("กดหมายเลข ๓", "3"),
        ("กดหนึ่ง", "1"),
        ("กดสี่", "4"),
        ("กดเครื่องหมายสี่เหลี่ยม กดดอกจัน", "# *"),
        ("กด 1 ครั้ง", ""),
        ("Để đặt bàn, bấm phím 1. Nhấn phím số 2.", "1 2"),
        ("Bấm một, ấn phím sao, nhấn phím thăng", "1 * #"),
        ("nhấn 1 hoặc 2", "1 2"),
        ("ご予約は1を押してください。", "1"),
        ("ご予約は１を、変更は２番を押してください。", "1 2"),
        ("1番のボタンを押してください", "1"),
        ("1または2を押して", "1 2"),
        ("シャープを押してください", "#"),
        ("10を超える", ""),
        ("예약은 1번을 눌러 주세요", "1"),
    ]);
}

#[test]
fn spans_hold_the_words_that_say_so() {
    let text = "For hours press 4. Press the 1 or 2. 中文请按3。1を押して";
    let said: Vec<&str> = keys_in(text)
        .into_iter()
        .map(|found| &text[found.span])
        .collect();
    assert_eq!(said, ["press 4", "Press the 1", "2", "按3", "1を押して"]);
}

#[test]
fn may_name_is_generous() {
    for (text, key, expected) in [
        ("1 for bookings", "1", true),
        ("for hours choose two", "2", true),
        ("the 21st", "1", false),
        ("中文按一", "1", true),
        ("someone", "1", false),
        ("ABC1", "1", false),
        ("our hours", "4", false),
    ] {
        assert_eq!(may_name(text, key), expected, "{text} {key}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_can_be_read(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "press", "Press ", "按", "กด", "bấm ", "1", "２", "๓", "12345", " or ", ", ", "、", "を", "押して",
            " for ", " to ", "one", "一", "*", "＃", "“", "é", "İ", ".", "番", "눌러", "-", " ",
        ]),
        0..12,
    )) {
        let text = words.concat();
        for found in keys_in(&text) {
            proptest::prop_assert!(!text[found.span].is_empty());
        }
        may_name(&text, "1");
    }
}
