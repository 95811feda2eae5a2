// Decisions have an author. Until people sign in, it is the name that they give once.
const KEY = "backstitch.author";

export function savedAuthor(): string {
  return localStorage.getItem(KEY) ?? "";
}

export function saveAuthor(author: string): void {
  localStorage.setItem(KEY, author);
}
