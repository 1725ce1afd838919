import type { Code } from './codes.ts'
import { assert } from './errors.ts'

/** What is so, what it means, what can be done. Callers show line, memory and detail beside it. */
export interface Words {
  readonly title: string
  readonly what: string
  readonly remedy: string
}

const WORDS = {
  // What a file is
  file_empty: {
    title: 'The file is empty',
    what: 'It has no bytes, so there is nothing to verify. A copy that broke off at once looks like this.',
    remedy: 'Copy it again from where it came, or ask the sender for it again.',
  },
  not_a_manifest: {
    title: 'This is not a manifest',
    what: 'Nothing at its start is what a manifest starts with. Nothing in it was read.',
    remedy: 'Choose the file that the sender exported; its name usually begins with “manifest-”.',
  },
  truncated: {
    title: 'The file breaks off',
    what: 'A line has no end: copying or sending it broke off, or a mail gateway has put the whole file on one line. What is missing cannot be told from what is there.',
    remedy: 'Copy the file again, or ask the sender for it again as .json.gz.',
  },
  line_too_long: {
    title: 'A line is longer than 8 MiB',
    what: 'One memory is one line, and the rule for a line is 8 MiB. Reading stopped there, before the line was held in memory.',
    remedy:
      'A mail gateway may have put the whole file on one line. Ask the sender for it again as .json.gz.',
  },
  not_utf8: {
    title: 'The file is not UTF-8',
    what: 'It holds bytes that are no UTF-8 text, or a mark at its start that an editor has put there. It was changed on its way, or is no text file.',
    remedy: 'Ask the sender for it again as .json.gz, which editors and mail gateways leave alone.',
  },
  not_canonical: {
    title: 'The file was changed on its way',
    what: 'A manifest has exactly one spelling, and this line is not in it. Mail gateways and editors that re-format a file do this. Nothing was guessed: whether the text is still the one that was signed is not known.',
    remedy: 'Ask the sender for it again as .json.gz, which editors and mail gateways leave alone.',
  },
  version_unsupported: {
    title: 'The manifest is of another version',
    what: 'This reader knows format 1. The file says that it is of another version, and guessing at its rules could turn a refusal into an acceptance.',
    remedy: 'Use a later version of this program, or ask the issuer to export it in format 1.',
  },
  type_mismatch: {
    title: 'What was signed is not a manifest',
    what: 'The envelope names another kind of statement. A signature holds for the one kind it was made for and for no other.',
    remedy: 'Ask the sender for the manifest as it was exported.',
  },
  trailing_data: {
    title: 'Something stands after the end',
    what: 'A manifest ends with its closing line, and nothing may follow: no signature would cover it.',
    remedy: 'Ask the sender for the file again, as .json.gz if it goes by mail.',
  },
  limit_exceeded: {
    title: 'The file is over a limit',
    what: 'It holds more than the rules allow: more evidence in a manifest, or more bytes or rows in another file. The limits keep a file from exhausting this machine.',
    remedy: 'Ask for it in smaller parts.',
  },
  shape_invalid: {
    title: 'The statement does not have its form',
    what: 'A member of the envelope or of a statement is absent, surplus, of the wrong kind or out of its range. What the format does not define is refused, not interpreted.',
    remedy:
      'Ask the issuer to export it again; if that fails too, their program does not keep to the format.',
  },
  critical_unknown: {
    title: 'The issuer demands something unknown here',
    what: 'The header names a member that a reader must understand or refuse the manifest. This version does not understand it.',
    remedy: 'Use a later version of this program, or ask the issuer to export without it.',
  },

  // Keys and signatures
  key_malformed: {
    title: 'The public key cannot be read',
    what: 'A key is one block of PEM, from BEGIN PUBLIC KEY to END PUBLIC KEY, 64 characters a line, with nothing around it. This is not one.',
    remedy:
      'Copy the whole block again, both its outer lines included. If it stands in a file, ask the sender for the file again.',
  },
  fingerprint_mismatch: {
    title: 'A fingerprint is not its key’s',
    what: 'Beside a signature stand a key and a fingerprint that do not belong together. One of them was exchanged.',
    remedy: 'Do not use the file. Tell the issuer by another way, and ask for it again.',
  },
  key_not_allowed: {
    title: 'This key is not allowed',
    what: 'It is Ed25519 in another form, or one of the points that the strict rules refuse: with some of them a signature holds without anybody having signed.',
    remedy:
      'Ask the peer for a key that was made in the ordinary way; an honest program does not make such a key.',
  },
  signature_invalid: {
    title: 'The signature does not hold',
    what: 'The signed header was changed, or the signature is not by the key beside it. Nothing that the file says of itself counts, not even who it is from.',
    remedy:
      'Do not use the file. Ask the sender for it again; if it fails again, tell the issuer by another way.',
  },
  issuer_unsigned: {
    title: 'The issuer has not signed',
    what: 'The signatures hold, but none is by the key that the header names as issuer. Whoever signed speaks in another’s name.',
    remedy: 'Do not use the file. Ask the named issuer whether it is theirs.',
  },
  signer_missing: {
    title: 'A countersignature is missing',
    what: 'The signed header lists who has to have signed, and not all of them are there. A signature was taken out, or was never made.',
    remedy: 'Ask the issuer for the file with all its signatures.',
  },
  details_mismatch: {
    title: 'The details are not those that were signed',
    what: 'What was selected, for whom and with which note is bound by a hash in the signed header. What stands here gives another hash.',
    remedy: 'Do not use the file. Ask the issuer for it again.',
  },

  // Memories, root, evidence
  memory_invalid: {
    title: 'A memory does not have its form',
    what: 'One of its members is absent, of the wrong kind, out of its range or refused by name. Nothing is imported by halves, so the whole file is refused.',
    remedy:
      'Ask the issuer to export it again; if that fails too, their program does not keep to the format.',
  },
  not_supported_yet: {
    title: 'This version does not read this yet',
    what: 'The file has a part that the format knows and this version of the program does not: a withheld memory, provenance, a single memory with its proof, or an audit export. It was not verified to its end, and nothing is said against it.',
    remedy: 'Use a later version of this program, or ask the issuer for a manifest without such parts.',
  },
  content_hash_mismatch: {
    title: 'The text of a memory was changed',
    what: 'The text does not give the hash that stands beside it. One changed character is enough for that.',
    remedy:
      'Do not use the file. Ask the sender for it again; if it fails again, tell the issuer by another way.',
  },
  sealed_hash_mismatch: {
    title: 'The metadata of a memory was changed',
    what: 'Its text, metadata and blind do not give the hash that seals them. At least one of them is not what it was.',
    remedy:
      'Do not use the file. Ask the sender for it again; if it fails again, tell the issuer by another way.',
  },
  leaf_hash_mismatch: {
    title: 'A memory was changed',
    what: 'Its author, entity, date, tags or another member does not give the leaf hash that stands with it. At least one of them is not what it was.',
    remedy:
      'Do not use the file. Ask the sender for it again; if it fails again, tell the issuer by another way.',
  },
  count_mismatch: {
    title: 'The number of memories is not the signed one',
    what: 'The issuer signed how many memories there are. Here there are more or fewer: some were added or taken out.',
    remedy: 'Do not use the file. Ask the issuer for it again.',
  },
  root_mismatch: {
    title: 'The memories are not those that were signed',
    what: 'Each memory is consistent in itself, but all together do not give the signed root. Some were exchanged, altered along with their hashes, or put in another order.',
    remedy:
      'Do not use the file. Ask the issuer for it again, and tell them by another way that this one was altered.',
  },
  evidence_unordered: {
    title: 'The evidence is out of order',
    what: 'Statements in the evidence stand in ascending order of their ids, each once. Here they do not.',
    remedy: 'Ask the sender for the file again as it was exported.',
  },

  // Import and trust
  untrusted_peer: {
    title: 'The issuer is not on your allowlist',
    what: 'Trust mode: trusted_keys_only. Nothing is imported from a key that you have not put on the allowlist. Whether the file is intact is another question, answered beside this.',
    remedy:
      'Compare the fingerprint with the issuer by phone or in person, trust the key under Peers, then import again.',
  },
  revoked_peer: {
    title: 'You have revoked this key',
    what: 'A revoked key stays refused, whatever it signs and whenever. What you imported from it before stays until you remove it.',
    remedy:
      'Ask the peer for a new key. If revoking was a mistake, reinstate the key under Peers after comparing the fingerprint anew.',
  },
  stream_fork: {
    title: 'Two manifests contradict each other',
    what: 'The same key has signed two different histories of one stream, or the stream was frozen because it did. Nothing is imported from it, and both signed headers are kept as evidence.',
    remedy:
      'Ask the peer by another way what happened, and decide under Exchange whether the stream goes on. If the key may be in other hands, revoke it.',
  },
  manifest_expired: {
    title: 'The manifest has expired',
    what: 'The issuer set a time after which it is not to be imported, and by the clock of this machine that time has passed.',
    remedy:
      'Ask the issuer for a new export. If the clock of this machine is wrong, set it right and open the file again.',
  },
  author_forged: {
    title: 'A memory bears your name, and you did not make it',
    what: 'It names one of your keys as its author, but this instance has not made it. Somebody has put your name to it, or you made it in a store that is lost. The whole manifest is refused.',
    remedy: 'Ask the issuer where they have it from, and for an export without it.',
  },
  file_changed: {
    title: 'The file has changed since it was verified',
    what: 'Each memory is read a second time and held against what was verified. This one is no longer the same, so nothing was taken in.',
    remedy: 'Copy the file to a place where nothing writes to it, and open it again.',
  },
  own_manifest: {
    title: 'This manifest is your own',
    what: 'One of your own keys has signed it. An instance does not import what it has itself exported.',
    remedy: 'Give it to the peer it is meant for. To look at it, open it without importing.',
  },
  manifest_unknown: {
    title: 'The register does not have it',
    what: 'No manifest or stream of this name is kept here. It may belong to another identity or another store.',
    remedy: 'Choose one from the list under Exchange.',
  },

  // Peers
  private_key_given: {
    title: 'THIS IS A PRIVATE KEY',
    what: 'Nothing was stored. Whoever has seen it, in a mail, a chat or on a screen, can sign as its owner from now on.',
    remedy:
      'Delete this copy and tell the owner at once that the key is known to others. Ask for the public key: the block that begins with BEGIN PUBLIC KEY.',
  },
  key_unsupported: {
    title: 'This is not an Ed25519 key',
    what: 'A peer is known by an Ed25519 key and by no other kind: RSA, P-256, Ed448 and the like are not taken.',
    remedy: 'Ask the peer for the Ed25519 public key of their instance; they find it under Identity.',
  },
  own_key: {
    title: 'This key is your own',
    what: 'The allowlist is for the keys of others. Your own instance needs no entry in it.',
    remedy: 'Ask the peer for their key; what you have given here is the one to give them.',
  },
  peer_exists: {
    title: 'You already trust this key',
    what: 'It is on the allowlist under the name you gave it. Nothing was changed.',
    remedy: 'Look it up under Peers; there it can be renamed or revoked.',
  },
  peer_unknown: {
    title: 'No such peer',
    what: 'No key with this fingerprint stands here in the state this asks for: only a trusted key can be revoked, and only a revoked one reinstated.',
    remedy: 'Look under Peers how the key stands, and check all 64 digits.',
  },
  comparison_missing: {
    title: 'How the fingerprint was compared is not said',
    what: 'A key is trusted only together with the way its fingerprint was compared: by phone, in person, on paper, or not at all. The record keeps it.',
    remedy: 'Say which it was, then trust the key.',
  },
  fingerprint_incomplete: {
    title: 'The fingerprint is not whole',
    what: 'A fingerprint has 64 hexadecimal digits, and all of them count. Keys that share the first few can be made on purpose.',
    remedy: 'Copy all 64 digits.',
  },
  key_differs: {
    title: 'Another key',
    what: 'The code carries another key than the one it was compared with. Either that code is not your peer’s, or somebody has put a key of their own in the place of theirs.',
    remedy:
      'Do not trust it. Make sure that the code stands on your peer’s own screen, read it again, and if it still differs, tell them.',
  },
  qr_not_a_key: {
    title: 'This code holds no public key',
    what: 'It is a QR code of another kind. How it begins stands here as text; nothing in it was followed or kept.',
    remedy: 'Have your peer show the code that stands under Identity, beside their public key.',
  },
  qr_ambiguous: {
    title: 'More than one key is in view',
    what: 'There are codes with different keys side by side, and none of them was chosen by guessing.',
    remedy: 'Show one code alone and read it again.',
  },
  qr_missing: {
    title: 'No code was found in the picture',
    what: 'No QR code in it could be read: there is none, or it is too small, blurred or not whole. Nothing of the picture was kept.',
    remedy: 'Take the picture anew with the code straight, sharp and large, its white edge included.',
  },
  picture_unreadable: {
    title: 'The picture cannot be read',
    what: 'Pictures are read as PNG or JPEG, up to 32 MiB and 50 megapixels. This one is of another kind, larger, or damaged. Nothing of it was kept.',
    remedy: 'Take a picture or a screenshot of the code anew, as PNG or JPEG.',
  },
  camera_unavailable: {
    title: 'This page has no way to a camera',
    what: 'Browsers give cameras to pages from https and from this machine, some not to a page that was opened from disk, and none where the server’s Permissions-Policy forbids it.',
    remedy: 'Open a picture of the code in its place, or the key itself as a .pem file.',
  },
  camera_missing: {
    title: 'No camera was found',
    what: 'The browser knows of none on this machine, or not of one that it may use.',
    remedy: 'Connect one and start it again, or open a picture of the code.',
  },
  camera_refused: {
    title: 'The camera was refused',
    what: 'You, the browser or the system said no. This page cannot ask again until that is changed.',
    remedy:
      'Allow the camera for this page beside its address, then start it again, or open a picture of the code.',
  },
  camera_busy: {
    title: 'The camera gives no picture',
    what: 'Another program has it, it was unplugged, or its driver does not answer.',
    remedy: 'Close what else uses it, start it again, or open a picture of the code.',
  },
  label_invalid: {
    title: 'This name or reason cannot be used',
    what: 'It takes 1 to 256 characters, none of them a line break, another control character, or one that turns the direction of text.',
    remedy: 'Type it by hand, and shorter.',
  },
  label_reserved: {
    title: 'The program uses this word for its own',
    what: 'A peer of this name could not be told from what the program itself says.',
    remedy: 'Choose another.',
  },

  // Memories of one's own
  empty_selection: {
    title: 'Nothing is selected',
    what: 'No memory meets all the conditions. A manifest holds at least one, so nothing was signed.',
    remedy: 'Widen the selection: fewer tags, a longer time, or another entity.',
  },
  selection_invalid: {
    title: 'The selection cannot be meant',
    what: 'One of its conditions is outside what the format allows: a date that does not exist, an end that is not after the beginning, an expiry that is past, or a name over 256 characters.',
    remedy: 'Correct that condition and try again.',
  },
  draft_invalid: {
    title: 'This memory cannot be kept as it is',
    what: 'One of its members breaks a rule for memories. Nothing is shortened or repaired in silence.',
    remedy: 'Correct the member that is named, and save again.',
  },
  already_local: {
    title: 'This memory is already here',
    what: 'A memory with the same text under the same entity is in the store. Two of them would be one.',
    remedy: 'Look for it under Memories; edit that one, or change the text or the entity of this one.',
  },
  memory_unknown: {
    title: 'This memory is not here',
    what: 'It was deleted, edited or removed with its peer since the list was made, perhaps in another tab.',
    remedy: 'Go back to the list and look again.',
  },
  list_outdated: {
    title: 'The list is out of date',
    what: 'Memories were taken out of the store since this list was made, so its rows no longer tell which are which.',
    remedy: 'Make the list again.',
  },

  // Identity
  no_identity: {
    title: 'This instance has no identity',
    what: 'Memories are made and manifests signed with an identity, and none has been made here. Verifying works without one.',
    remedy: 'Make an identity under Identity, or restore one from its backup.',
  },
  identity_exists: {
    title: 'This instance already has an identity',
    what: 'One identity signs here, and making or restoring another would leave two that answer for the same store. Nothing was changed.',
    remedy: 'Use the one that is here. For another one, use another browser profile.',
  },
  ed25519_unavailable: {
    title: 'This browser cannot sign',
    what: 'It has no Ed25519 keys of its own, and a key that scripts could read is not made instead. Verifying works here.',
    remedy: 'To sign, use Chrome or Edge 137, Firefox 129, Safari 17, or a later one.',
  },
  key_not_kept: {
    title: 'This browser does not keep keys',
    what: 'It was tried with a key made for that: the browser did not store it, or gave back another thing. Some do so in private windows. Nothing was kept.',
    remedy:
      'Keep the key locked under a passphrase, which needs no stored key. Or use an ordinary window, or another browser or profile.',
  },
  passphrase_weak: {
    title: 'The passphrase is too short',
    what: 'The backup can be tried by whoever finds it, as often as they like, so the rule is at least 12 characters. Nothing was made.',
    remedy: 'Take several words that do not belong together, and keep them apart from the file.',
  },
  passphrase_wrong: {
    title: 'The key does not open',
    what: 'The passphrase is another one, or what it opens was changed: the two cannot be told apart. Nothing was changed here.',
    remedy:
      'Type the passphrase again, capitals and blanks included. If it still fails, try another copy of the backup.',
  },
  backup_invalid: {
    title: 'This is not a whole backup',
    what: 'The file does not have the form of an identity backup, or was changed or cut. Nothing was restored.',
    remedy:
      'Choose the file that was saved when the identity was made; its name begins with “omega-identity-”.',
  },

  backup_of_another: {
    title: 'This is the backup of another identity',
    what: 'The key in the file is not the one that signs here. Nothing was changed.',
    remedy:
      'Choose the backup of this identity; the first digits of its fingerprint stand in the file’s name.',
  },
  identity_locked: {
    title: 'The identity is locked',
    what: 'Its key is kept wrapped under a passphrase, and nothing can be signed until it is unlocked. Nothing was signed.',
    remedy: 'Unlock it with its passphrase, and do the same again.',
  },
  lock_required: {
    title: 'Here a key must be kept locked',
    what: 'The app was opened from disk, where a browser may let other local files use what is stored. A key kept open could be used by them. Nothing was changed.',
    remedy: 'Keep the key locked under a passphrase, or use the app from a server, at an address of its own.',
  },

  // Backup of the store
  archive_invalid: {
    title: 'This backup does not hold together',
    what: 'A record in it is none that this program writes, stands in another place than it has, or contradicts the rest of the file. Nothing was restored.',
    remedy: 'Use another copy of the file, or an earlier backup.',
  },
  archive_foreign: {
    title: 'This backup is not of this store',
    what: 'This store has an identity, and the backup is not signed by it. Memories, keys and decisions of another store would stand here as your own. Nothing was changed.',
    remedy: 'Restore it in a browser profile in which nothing has been done yet.',
  },
  store_empty: {
    title: 'There is nothing to back up',
    what: 'Nothing has been done in this store yet. No file was written.',
    remedy: 'Make an identity or take something in first.',
  },

  // Opening and keeping
  not_recognised: {
    title: 'It is not known what this file is',
    what: 'It is no manifest, public key, signed statement or identity backup, and no file of memories that can be read here. Nothing was taken from it.',
    remedy:
      'Choose the file as it was exported. Of other programs, OMEGA exports, MCP memory files and JSON lists of memories are read.',
  },
  gzip_invalid: {
    title: 'The compressed file is damaged',
    what: 'It begins as a .gz file and does not unpack to one whole file: it was cut, changed, or something was added to it.',
    remedy: 'Copy the file again, or ask the sender for it again.',
  },
  file_unreadable: {
    title: 'The file cannot be read',
    what: 'It was moved, renamed, changed or taken away with its stick since it was chosen, or may not be read. Nothing was kept of it.',
    remedy: 'Put it back or copy it to this machine, and choose it again.',
  },
  context_insecure: {
    title: 'This address gets no keys from the browser',
    what: 'The app came by http from another machine. Browsers give keys and a reliable store to https and to this machine alone; and whoever is between could have changed the app itself, and with it what it says of a file.',
    remedy: 'Ask who serves it for an https address, or serve it on this machine.',
  },
  storage_unavailable: {
    title: 'This browser keeps nothing for the app',
    what: 'The store cannot be opened or was closed: site data is blocked, this is a private window, or the disk does not answer. What was begun was not done.',
    remedy: 'Allow this site to keep data, or use an ordinary window, and load the page again.',
  },
  engine_unreliable: {
    title: 'This browser cannot be relied on',
    what: 'It gets wrong what verification leans on: what it says of this file, intact or not, may be false. Nothing is taken in with it.',
    remedy: 'Use another browser, or verify on the command line, and tell who looks after this machine.',
  },
  storage_full: {
    title: 'There is no room left',
    what: 'The browser has refused to keep more. What was begun was not done, not even in part.',
    remedy: 'Free space on the disk, or remove memories that are no longer needed, and try again.',
  },
  storage_newer: {
    title: 'The store is of a later version',
    what: 'A later version of this program has written it. This version does not touch what it may not understand.',
    remedy: 'Load the page again to get the later version.',
  },
  storage_damaged: {
    title: 'The store is damaged',
    what: 'Part of it is missing, or is not what its leaf hash says. What is damaged is not given out.',
    remedy:
      'Leave that memory out. If it was imported, remove the memories of its peer and import the manifests again.',
  },
  worker_lost: {
    title: 'The work broke off',
    what: 'The part of the program that reads files has stopped, perhaps for want of memory. What was begun was not done.',
    remedy: 'Open the file or the list again. If it stops again, close other tabs first.',
  },
  cancelled: {
    title: 'Cancelled',
    what: 'It was stopped before its end. Nothing was changed.',
    remedy: 'Start it again when you like.',
  },
  deleted_here: {
    title: 'It was deleted here',
    what: 'A person has deleted a memory with this text about this entity. An agent does not bring it back. Nothing was kept.',
    remedy: 'Ask the person to write it again, if it is wanted again.',
  },
  tool_unknown: {
    title: 'There is no such tool',
    what: 'No tool has this name here. Nothing was done.',
    remedy: 'List the tools, and call one of them.',
  },
  tool_off: {
    title: 'This tool is switched off',
    what: 'The person at this instance has switched it off for agents. Nothing was done.',
    remedy: 'Ask the person to switch it on under Agents, or do without it.',
  },
  arguments_invalid: {
    title: 'The arguments do not fit the tool',
    what: 'A member is missing, is not known, or is not of the kind that the tool takes. Nothing was done.',
    remedy: 'Hold the arguments against the input schema of the tool, and call it again.',
  },
  calls_waiting: {
    title: 'Too many calls are waiting',
    what: 'So many calls are under way, or wait for a person, that no more is taken in. This one was not begun.',
    remedy: 'Wait until those before it are answered, then call again.',
  },
  consent_refused: {
    title: 'The person has refused this',
    what: 'The person at this instance was asked and said no. Nothing was done.',
    remedy: 'Do not ask again for the same. Tell the person what it was meant for, outside of this program.',
  },
  consent_unanswered: {
    title: 'Nobody has answered',
    what: 'This needs the word of the person at this instance, who was asked and did not answer in time. Nothing was done.',
    remedy: 'Ask the person to look at the open page, then call again.',
  },
  changed_since_asked: {
    title: 'It is no longer what was asked for',
    what: 'What would be done now differs from what the person was shown. Nothing was done.',
    remedy: 'Call again, so that the person is shown what holds now.',
  },
  idempotency_conflict: {
    title: 'This idempotency key stands for another call',
    what: 'The same key came before with other arguments. Nothing was done for this call.',
    remedy: 'Give a new key to a new call, and repeat a call with its own arguments.',
  },
  path_needs_bridge: {
    title: 'There is no folder to read or write',
    what: 'A page can open no path by itself. Nothing was read or written.',
    remedy:
      'Hand the manifest over in “manifest”, leave “path” out to have the file saved by the browser, or connect through the bridge with a folder.',
  },
  path_no_folder: {
    title: 'The bridge was given no folder',
    what: 'It reads and writes nothing but what lies in the folder that it was started with, and there is none.',
    remedy: 'Start the bridge with --dir and the folder for manifests.',
  },
  path_refused: {
    title: 'This path is not let through',
    what: 'It leads out of the folder of the bridge, over a link, or to what is not an ordinary file. Nothing was read or written.',
    remedy: 'Give a path inside of that folder, relative to it, without links.',
  },
  path_missing: {
    title: 'There is no such file',
    what: 'Nothing lies at this path in the folder of the bridge.',
    remedy: 'Check the name, or put the file into that folder.',
  },
  path_exists: {
    title: 'There is a file of this name already',
    what: 'Nothing is written over a file that is there. The one there was left as it is.',
    remedy: 'Give another name.',
  },
  bridge_lost: {
    title: 'The bridge does not answer',
    what: 'The program that passes calls and files between agents and this page has ended or cannot be reached.',
    remedy: 'Start the bridge again; this page finds it by itself.',
  },
  bridge_taken: {
    title: 'Another tab is connected to the bridge',
    what: 'Calls of agents go to one tab at a time, and that is not this one.',
    remedy: 'Close the other tab, or connect this one in its place.',
  },
  usage: {
    title: 'The command is not complete',
    what: 'A file is missing, an option is unknown, or an option has no proper value. Nothing was read.',
    remedy: 'Call it as: omega-verify FILE [--trust KEY.pem]… [--now TIME] [--json].',
  },
} satisfies Record<Code, Words>

const BY_CODE: ReadonlyMap<string, Words> = new Map(Object.entries(WORDS))

/** The words for people; screens, tools and the command line say the same. Exhaustive by type. */
export function explain(code: Code): Words {
  const words = BY_CODE.get(code)
  assert(words !== undefined, `words for ${code}`)
  return words
}
