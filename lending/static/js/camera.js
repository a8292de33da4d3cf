/**
 * The camera of a desk without a scanner: two frames at a time go to the server until it has read one label in both.
 * Where the browser shows a page no film, its own camera takes a photo. Either way the code is scanned like any other.
 */
import { $, say, word } from "./screen.js";
import { sendPhotos } from "./transport.js";

const LONGEST_SIDE = 1600;
const BETWEEN_FRAMES_MS = 120;
const PAUSE_MS = 200;
const PATIENCE_MS = 60000; // a camera that was forgotten sees people

const camera = $("#camera");
const view = $("video", camera);
const hint = $("#camera-says");
const form = $("form", camera);
const photo = $("input[type=file]", form);
const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** scan(code): what is done with a code; leave(): where the focus goes when the camera is put away. */
export function useCamera({ scan, leave }) {
  let film = null;

  function close() {
    film?.getTracks().forEach((track) => track.stop());
    film = null;
    view.srcObject = null;
    camera.open = false;
    leave();
  }

  async function show(photos) {
    const answer = await sendPhotos(camera.dataset.photos, photos);
    if (answer.trouble) answer.say = word(`camera_${answer.trouble}`);
    return answer;
  }

  async function look(mine) {
    const until = Date.now() + PATIENCE_MS;
    let told = "";
    while (film === mine && Date.now() < until) {
      if (view.videoWidth) {
        const frames = [await frame(view, view.videoWidth, view.videoHeight)];
        await later(BETWEEN_FRAMES_MS);
        frames.push(await frame(view, view.videoWidth, view.videoHeight));
        const { code, say: sentence, reason, after } = await show(frames);
        if (film !== mine) return;
        if (code) {
          close();
          return scan(code);
        }
        // Until there is a label, nothing needs to be said again and again.
        const now = reason === "photo_not_read" ? "" : sentence;
        if (now && now !== told) say((hint.textContent = told = now), "look");
        if (after) await later(after);
      }
      await later(PAUSE_MS);
    }
    if (film === mine) {
      close();
      say(word("camera_off"), "look");
    }
  }

  async function open() {
    form.hidden = view.hidden = true;
    hint.hidden = false;
    hint.textContent = hint.dataset.asks;
    const asked = { video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } };
    const found = await navigator.mediaDevices.getUserMedia(asked).catch(() => null);
    if (!camera.open) return found?.getTracks().forEach((track) => track.stop());
    if (!found) return withoutFilm();
    film = view.srcObject = found;
    view.hidden = false;
    hint.textContent = hint.dataset.ready;
    await view.play();
    return look(found);
  }

  function withoutFilm() {
    form.hidden = false;
    hint.hidden = true;
    photo.focus();
  }

  async function taken() {
    const [file] = photo.files;
    if (!file) return;
    say(word("camera_reading"), "ready");
    const { code, say: sentence } = await show([await smaller(file)]);
    form.reset();
    close();
    if (code) scan(code);
    else say(sentence, "look");
  }

  view.hidden = hint.hidden = true;
  $("button", form).hidden = true; // a photo that was taken is sent at once
  $("summary", camera).addEventListener("click", (event) => {
    if (camera.open) {
      event.preventDefault();
      return close();
    }
    if (!navigator.mediaDevices?.getUserMedia) {
      event.preventDefault();
      photo.click();
    }
  });
  camera.addEventListener("toggle", () => camera.open && !film && open());
  camera.addEventListener("keydown", ({ key }) => key === "Escape" && camera.open && close());
  photo.addEventListener("change", taken);
  addEventListener("pagehide", () => film?.getTracks().forEach((track) => track.stop()));
}

/** One picture as a JPEG no larger than the server looks at: a photo of a telephone is ten times that. */
async function frame(source, width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = Object.assign(document.createElement("canvas"), { width: width * scale, height: height * scale });
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
}

async function smaller(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  return picture ? frame(picture, picture.width, picture.height) : file; // the server says what is wrong with it
}
