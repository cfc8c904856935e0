//! How each language tells a caller to press a key: data for [`keys_in_prompts`](super).

/// Languages that put the verb before the key: `press 1`.
pub(super) struct VerbFirst {
    /// Words that mean to press a key.
    pub(super) verbs: &'static [&'static str],
    /// Words that may stand between verb and key.
    pub(super) fillers: &'static [&'static str],
    /// "or", "and".
    pub(super) joins: &'static [&'static str],
    /// Marks that join keys when one of the `joins` follows further on.
    pub(super) commas: &'static [&'static str],
    /// "to" between the first and the last of several keys.
    pub(super) ranges: &'static [&'static str],
    /// Behind a number, these make it no key.
    pub(super) not_before: &'static [&'static str],
    /// Behind a named key, the word that lets a bare number be one too: `press 1 for …, 2 for …`.
    pub(super) purposes: &'static [&'static str],
    /// Whether spaces part the words.
    pub(super) spaced: bool,
}

/// Languages that put the verb behind the key: `1を押して`.
pub(super) struct KeyFirst {
    /// Words behind the key that belong to it.
    pub(super) suffixes: &'static [&'static str],
    /// Words that join keys.
    pub(super) joins: &'static [&'static str],
    /// Marks of the object.
    pub(super) particles: &'static [&'static str],
    /// Words that mean to press a key.
    pub(super) verbs: &'static [&'static str],
}

/// English, Malay and Indonesian, Vietnamese, Chinese, Thai.
pub(super) const VERB_FIRST: &[VerbFirst] = &[ENGLISH, MALAY, VIETNAMESE, CHINESE, THAI];

const ENGLISH: VerbFirst = VerbFirst {
    verbs: &[
        "press", "pressing", "push", "hit", "dial", "dialing", "dialling", "key",
    ],
    fillers: &["the", "key", "button", "number", "digit", "option"],
    joins: &["or", "and", "/", "&"],
    commas: &[","],
    ranges: &["to", "through"],
    not_before: &[
        "of", "or more", "keys", "digit", "digits", "time", "times", "more", "second", "seconds",
        "minute", "minutes", "hour", "hours", "day", "days", "people", "persons", "guests", "am",
        "pm",
    ],
    purposes: &["for", "to", "if"],
    spaced: true,
};

const MALAY: VerbFirst = VerbFirst {
    verbs: &["tekan", "tekanlah", "menekan", "pencet", "dail"],
    fillers: &["nombor", "nomor", "angka", "butang", "tombol", "kekunci"],
    joins: &["atau", "dan"],
    commas: &[","],
    ranges: &["hingga", "sampai"],
    not_before: &["kali", "digit", "saat", "minit", "detik", "menit", "orang"],
    purposes: &["untuk", "bagi"],
    spaced: true,
};

const VIETNAMESE: VerbFirst = VerbFirst {
    verbs: &["bấm", "nhấn", "ấn", "Ấn"],
    fillers: &["phím", "số", "nút"],
    joins: &["hoặc", "và"],
    commas: &[","],
    ranges: &["đến"],
    not_before: &["lần", "chữ số", "được", "giây", "phút", "người"],
    purposes: &["để"],
    spaced: true,
};

const CHINESE: VerbFirst = VerbFirst {
    verbs: &["按", "按下", "拨", "撥", "拨打", "撥打"],
    fillers: &["数字", "數字", "键", "鍵", "号码", "號碼"],
    joins: &["或", "或者", "和", "及", "、"],
    commas: &[],
    ranges: &["至", "到"],
    not_before: &[
        "下", "次", "个", "個", "位", "年", "般", "些", "定", "样", "樣", "起", "直", "切",
    ],
    purposes: &[],
    spaced: false,
};

const THAI: VerbFirst = VerbFirst {
    verbs: &["กด"],
    fillers: &["หมายเลข", "ปุ่ม", "เลข", "เครื่องหมาย"],
    joins: &["หรือ", "และ"],
    commas: &[],
    ranges: &["ถึง"],
    not_before: &["ครั้ง", "หลัก"],
    purposes: &[],
    spaced: false,
};

/// Japanese, Korean.
pub(super) const KEY_FIRST: &[KeyFirst] = &[
    KeyFirst {
        suffixes: &[
            "番",
            "番のボタン",
            "番ボタン",
            "番キー",
            "のボタン",
            "ボタン",
            "キー",
            "のキー",
            "のいずれか",
        ],
        joins: &["または", "もしくは", "か", "、"],
        particles: &["を"],
        verbs: &[
            "押してください",
            "押して",
            "押す",
            "押し",
            "お押しください",
            "プッシュ",
        ],
    },
    KeyFirst {
        suffixes: &["번", "번 버튼", "번 키", "키", "버튼"],
        joins: &["또는", "이나", "나"],
        particles: &["을", "를"],
        verbs: &["눌러 주세요", "눌러주세요", "눌러", "누르세요", "누르시"],
    },
];

/// The words for keys, in all these languages together.
pub(super) const KEY_WORDS: &[(&str, &str)] = &[
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("star", "*"),
    ("asterisk", "*"),
    ("hash", "#"),
    ("pound", "#"),
    ("kosong", "0"),
    ("sifar", "0"),
    ("nol", "0"),
    ("satu", "1"),
    ("dua", "2"),
    ("tiga", "3"),
    ("empat", "4"),
    ("lima", "5"),
    ("enam", "6"),
    ("tujuh", "7"),
    ("lapan", "8"),
    ("delapan", "8"),
    ("sembilan", "9"),
    ("bintang", "*"),
    ("pagar", "#"),
    ("không", "0"),
    ("một", "1"),
    ("hai", "2"),
    ("ba", "3"),
    ("bốn", "4"),
    ("năm", "5"),
    ("sáu", "6"),
    ("bảy", "7"),
    ("tám", "8"),
    ("chín", "9"),
    ("sao", "*"),
    ("thăng", "#"),
    ("零", "0"),
    ("〇", "0"),
    ("一", "1"),
    ("二", "2"),
    ("三", "3"),
    ("四", "4"),
    ("五", "5"),
    ("六", "6"),
    ("七", "7"),
    ("八", "8"),
    ("九", "9"),
    ("星号", "*"),
    ("星號", "*"),
    ("星字键", "*"),
    ("星字鍵", "*"),
    ("米字键", "*"),
    ("米字鍵", "*"),
    ("井号", "#"),
    ("井號", "#"),
    ("井字键", "#"),
    ("井字鍵", "#"),
    ("ศูนย์", "0"),
    ("หนึ่ง", "1"),
    ("สอง", "2"),
    ("สาม", "3"),
    ("สี่", "4"),
    ("ห้า", "5"),
    ("หก", "6"),
    ("เจ็ด", "7"),
    ("แปด", "8"),
    ("เก้า", "9"),
    ("ดอกจัน", "*"),
    ("สี่เหลี่ยม", "#"),
    ("アスタリスク", "*"),
    ("米印", "*"),
    ("シャープ", "#"),
    ("별표", "*"),
    ("샵", "#"),
    ("우물정자", "#"),
];
