// Reading aloud, by a voice that this machine has itself: nothing that is said leaves it.

/** Says `text`; `done` is called once, when it was said. Gives what breaks it off, after which `done` is not called. */
export function say(text: string, profile: string, ms: number, done: () => void): () => void {
  const voice = localVoice(languageOf(profile));
  if (text === "" || voice === null) {
    return wait(ms, done);
  }
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.voice = voice;
  utterance.lang = voice.lang;
  // Some browsers forget to say that they are done.
  const cancelWait = wait(ms * 2.5 + 4000, finish);
  let open = true;
  function finish(): void {
    if (open) {
      stop();
      done();
    }
  }
  function stop(): void {
    open = false;
    cancelWait();
    speechSynthesis.cancel();
  }
  utterance.onend = finish;
  utterance.onerror = finish;
  speechSynthesis.speak(utterance);
  return stop;
}

/** Says nothing, for as long as saying it takes. */
export function wait(ms: number, done: () => void): () => void {
  const timer = setTimeout(done, ms);
  return () => clearTimeout(timer);
}

/** Whether this machine can read `profile`'s language aloud by itself. */
export function canSay(profile: string): boolean {
  return localVoice(languageOf(profile)) !== null;
}

function localVoice(language: string): SpeechSynthesisVoice | null {
  if (!("speechSynthesis" in globalThis)) {
    return null;
  }
  const voices = speechSynthesis.getVoices().filter((voice) => voice.localService);
  const tag = (voice: SpeechSynthesisVoice): string => voice.lang.replace("_", "-").toLowerCase();
  const wanted = language.toLowerCase();
  const exact = voices.find((voice) => tag(voice) === wanted);
  return exact ?? voices.find((voice) => tag(voice).split("-")[0] === wanted.split("-")[0]) ?? null;
}

/** The language of one of the platform's voices: `en-US-BenjaminRUS` is `en-US`, `cmn-CN-Standard-A` is `zh-CN`. */
export function languageOf(profile: string): string {
  const [language = "en", region] = profile.split("-");
  const code = language === "cmn" ? "zh" : language === "yue" ? "zh" : language;
  return region === undefined ? code : `${code}-${region}`;
}
