// The guard's built-in rules for German.
import { APART_GERMAN } from "./emergencies-apart.ts";
import type { RuleBook } from "./rule-book.ts";

export const GERMAN: RuleBook = {
  emergencyApart: APART_GERMAN,
  emergency: `
    {Schmerz|Schmerzen|Druck|Stechen|Engegefühl|Enge} {in|auf} {der|meiner|seiner|ihrer} Brust
    {Brustschmerz|Brustschmerzen|Herzstillstand|Herzinfarkt|Schlaganfall|Hirnschlag}
    {atmet|atmen|atme} {nicht|nicht mehr|kaum|kaum noch|schwer}
    {hat|hört|} aufgehört zu atmen
    {kriege|kriegt|bekomme|bekommt|krieg|bekomm} {keine|kaum|kaum noch|schlecht|schwer} Luft
    {kann|kann fast|können} {nicht|nicht mehr|kaum|kaum noch|nicht richtig} {atmen|Luft holen}
    {Atemnot|Erstickungsanfall|bewusstlos|ohnmächtig|bewusstlose|Krampfanfall}
    {erstickt|ersticke|ersticken|verschluckt sich und}
    {wacht|wache|reagiert} nicht {mehr|} {auf|}
    {zusammengebrochen|umgekippt und}
    {blutet|blute|bluten|Blutung} {stark|sehr stark|heftig|wie verrückt|nicht auf|hört nicht auf}
    hört nicht auf zu bluten
    {viel|so viel|sehr viel} Blut {verloren|verliert}
    {verliert|verliere} {viel|so viel|sehr viel} Blut
    {Überdosis|Vergiftung|vergiftet}
    zu viele {Tabletten|Pillen} {genommen|geschluckt}
    {Gift|Bleiche|Reiniger|Rohrreiniger|Waschmittel|Batterie} {getrunken|geschluckt|verschluckt|gegessen}
    {bringe|bring|bringt} {mich|sich} {um|jetzt um}
    {mich|sich|mich selbst} {umbringen|töten}
    {will|möchte|mag} nicht mehr {leben|da sein}
    {will|möchte} {sterben|nicht leben}
    {Selbstmord|Suizid|suizidal|Selbsttötung}
    {das|meinem} Leben {nehmen|ein Ende}
    mir das Leben nehmen
    mir was antun
    {es brennt|brennt es|brennt gerade|Haus brennt|Wohnung brennt|Küche brennt|Keller brennt|Auto brennt|Dach brennt}
    in Flammen
    {Gasgeruch|Gasleck|Kohlenmonoxid}
    {riecht|riecht es|rieche|stinkt|stinkt es} {hier|stark|überall|ganz stark|} {nach|} Gas
    {bricht|brechen} {gerade|jetzt|} {jemand|welche|Leute} {bei|in} {mir|uns|meine|unsere|die}
    {bricht|brechen} {gerade|jetzt|} {jemand|welche|Leute} ein
    {Einbrecher} {im|in|bei}
    {hat|mit|zieht} {eine|einer|ein|einem} {Waffe|Pistole|Messer|Gewehr}
    {schlägt|verprügelt|würgt|bedroht|attackiert} {mich|uns|meine|meinen|sie|ihn}
    {niedergestochen|angeschossen|angefahren|überfahren|vergewaltigt|überfallen} {worden|wurde}
    {wurde|bin|ist} {niedergestochen|angeschossen|angefahren|überfallen}
    {Krankenwagen|Rettungswagen|Notarzt|Rettungsdienst|Krankenwagens}
    {rufen Sie|ruf|rufen|holen Sie|hol|schicken Sie} {bitte|} {die Polizei|die Feuerwehr|Hilfe|den Notarzt|die 112|112}
    {das|es|hier} ist {ein|ein echter|ein medizinischer} Notfall
    {haben|habe|hab} {einen|ein|hier einen} Notfall
    {ein Notfall|medizinischer Notfall}
    {schwerer|schlimmer|schrecklicher} Unfall
    {schwer verletzt|schwerverletzt|lebensgefährlich|Lebensgefahr}
    {in den Wehen|Wehen haben eingesetzt|Fruchtblase ist geplatzt|Baby kommt}
    {ertrinkt|am Ertrinken|stirbt gerade|am Sterben}
    {bewegt|rührt} sich nicht
    {überall|alles voller|so viel|viel} Rauch
    {kommen|komme|kommt} {hier|da|} nicht {raus|heraus|mehr raus}
    {läuft|lief} {ganz|schon|} blau an
    {hat|haben} {keinen|kein} Puls
    {ganze|komplette|volle} {Packung|Flasche|Schachtel} {Schlaftabletten|Tabletten|Pillen|Medikamente|Schmerzmittel|Schlafmittel|Putzmittel}
    {alle|sämtliche|lauter} {Tabletten|Pillen|Medikamente|Schlaftabletten} {genommen|geschluckt|auf einmal}
    {Schlaftabletten|Tabletten|Pillen} {genommen|geschluckt} {und|damit|um}
    {rieche|riecht|riechen} {hier|stark|ganz stark|plötzlich|die ganze Zeit|} Gas
    {Gas|Rauch} {riechen|strömt|tritt aus|dringt}
    {nicht|kaum|schwer} {ansprechbar|bei Bewusstsein}
    {ohne Bewusstsein|das Bewusstsein verloren|reanimieren|Wiederbelebung|wiederbeleben}
    {kann|können|konnte} {ihn|sie|meine|meinen|mein} nicht {wecken|wach kriegen|aufwecken}
    {nicht|nicht mehr} {aufzuwecken|wachzubekommen|wach zu kriegen}
    {Herz|Atmung} {steht|schlägt nicht|setzt aus|hat aufgehört|ist stehen geblieben}
    {keine|kaum|nicht genug} Luft {mehr|} {bekommen|kriegen|bekommt|kriegt|holen}
    {krampft|Krampfanfälle|epileptischer Anfall|epileptischen Anfall}
    {blutet|blute|bluten} {ganz|sehr|so|extrem|richtig|unheimlich|furchtbar} {stark|doll|viel|schlimm}
    {blutet|Blutung} {und|die|} {hört|lässt sich} nicht {auf|stillen|stoppen}
    {überall|alles voll|voller} Blut
    {Finger|Hand|Arm|Bein|Daumen} {abgetrennt|abgeschnitten|abgehackt}
    {Gesicht|Mund|Mundwinkel} {hängt|ist schief}
    {linke|rechte|linker|rechter|linken|rechten} {Arm|Seite|Hand|Bein} {ist|wird|fühlt|sind} {taub|gelähmt|sich taub}
    {spricht|redet|spreche} {ganz|so|auf einmal|plötzlich|} {undeutlich|verwaschen|komisch und}
    {allergischer|anaphylaktischer|allergischen|anaphylaktischen} Schock
    {Zunge|Hals|Rachen|Gesicht|Lippen} {schwillt|schwellen} {zu|an}
    {vom|von einem|von der} {Dach|Leiter|Balkon|Gerüst|Fenster|Baum|Auto|LKW|Bus|Zug} {gefallen|gestürzt|erfasst|angefahren|überfahren}
    {von der Leiter|aus dem Fenster|die Treppe} {gefallen|gestürzt|runtergefallen|heruntergefallen|gesprungen} {und|}
    {eingeklemmt|verschüttet|ertrunken|ertrinke|Stromschlag|explodiert|Explosion}
    {unter|im} Wasser {gefunden|getrieben}
    {mich|sich} {vor den Zug|von der Brücke|vom Dach|aufhängen|erschießen|erhängen|ertränken}
    {springe|springt|springen|spring} {von|vom|aus} {der|dem|einer} {Brücke|Dach|Fenster}
    {kein|keinen} {Sinn|Grund} {mehr|} {zu leben|weiterzuleben}
    {will|kann|mag} {einfach|} nicht mehr {leben|weiterleben|da sein|aufwachen}
    {lieber|besser} tot
    {Abschiedsbrief|Suizidgedanken}
    {Mann|Frau|Typ|jemand|Person|Kerl} mit {einem|einer} {Messer|Pistole|Waffe|Gewehr|Axt}
    {bedroht|verfolgt|würgt|schlägt|tritt|prügelt|erwürgt|ersticht} {mich|uns|ihn|sie|meine|meinen}
    {mich|uns|ihn|sie} {umbringen|erstechen|erschießen|totschlagen|töten|vergewaltigen}
    {Schüsse|Schießerei|Amokläufer|Geiseln|Geisel|entführt|vergewaltigt|niedergestochen|erstochen|angeschossen}
    {jemand|wer|einer} {versucht|will|ist dabei} {bei mir|bei uns|hier|} {einzubrechen|die Tür|reinzukommen|rein}
    {jemand|fremder Mann|Fremder} {ist|} in {meinem|unserem|meiner|unserer} {Haus|Wohnung}
    {Feuer|Flammen|Rauch} {im|in|aus|überall|breitet|schlägt|schlagen|kommt|kommen}
    {Herd|Pfanne|Vorhang|Trockner|Akku|Ofen|Zimmer|Garage|Haus|Wohnung|Nachbarhaus} {steht in|brennt|hat Feuer}
    {CO Melder|Gasmelder|Kohlenmonoxidmelder} {schlägt|piept|schlägt Alarm}
    {hier|da|es} {ist|hat|gab} {gerade|eben|} {ein|einen} {Unfall|Autounfall} {passiert|gegeben|mit}
    {liegt|lag} {am|auf dem} Boden und {bewegt|reagiert|atmet|blutet|wacht|zuckt}
    {Fehlgeburt|Presswehen|Fruchtblase|Wehen}
    {Schlange|Kreuzotter} gebissen
  `,
  high: `
    {Heizung|Strom|Warmwasser} ist {ausgefallen|kaputt|weg} und
    {Fieber|Temperatur} {von|über} {39|40|41|neununddreißig|vierzig}
    {bei|mir|uns} {eingebrochen|ausgeraubt|bestohlen} {worden|}
    {wurde|wurden} {eingebrochen|ausgeraubt|überfallen|bestohlen}
    {ist|sehr|wirklich|ganz|super|richtig} dringend
    {eilig|dringend}
    {Wasserrohrbruch|Rohrbruch|Wasserschaden}
    {läuft|tropft|kommt} Wasser {durch|aus|von} der {Decke|Wand}
    Wasser läuft {durch|aus|in}
    {Keller|Wohnung|Küche|Bad} {ist|steht} {überflutet|unter Wasser|überschwemmt}
    {gestohlen|geklaut} {worden|wurde}
    {wurde|wurden|ist} {gestohlen|geklaut|gehackt|bestohlen}
    {Betrug|betrogen|gehackt}
    {starke|sehr starke|schlimme|furchtbare|unerträgliche|heftige} Schmerzen
    {hohes|sehr hohes} Fieber
    {keine|ohne|keinen} {Heizung|Strom|Warmwasser} {und|seit}
    {mit|zu|bei} {meinem|meiner} {Anwalt|Rechtsanwalt|Anwältin}
    {verklagen|anzeigen|Anzeige erstatten}
    {eingesperrt|ausgesperrt und}
    {im Aufzug|Fahrstuhl} {stecken|fest|festgesteckt|steckt}
    {blute|blutet} {immer noch|noch immer|seit}
    {das|es} kann nicht warten
    Wasser {kommt|tropft|läuft} {durch|von|aus}
  `,
  person: `
    {echten|richtigen|menschlichen|lebendigen} {Mitarbeiter|Ansprechpartner|Berater|Kollegen}
    {einen|eine|einem|einer} {Mitarbeiter|Mitarbeiterin|Menschen|Kollegen|Berater|Ansprechpartner} {am|ans|an den} {Apparat|Telefon}
    {jemanden|jemand} {ans|am} {Telefon|Apparat}
    mit {einem|einer|dem|der|Ihrem|Ihrer|einem echten|einer echten|einem richtigen|einer richtigen} {Menschen|Mensch|Mitarbeiter|Mitarbeiterin|Person|Berater|Beraterin|Kollegen|Kollegin|Chef|Chefin|Vorgesetzten|Sachbearbeiter|Arzt|Ärztin} {sprechen|reden|verbinden|verbunden|telefonieren|verbinden lassen}
    mit {jemand|jemandem|irgendjemand|irgendjemandem|irgendwem} {sprechen|reden|verbinden}
    {verbinden Sie mich|verbinde mich|stellen Sie mich|stell mich} {bitte|} {mit|zu|durch}
    {durchstellen|weiterverbinden|weitergeleitet werden|durchgestellt}
    {nicht|nicht mehr} mit {einem|einer|dem|der|so einem|so einer|diesem|dieser} {Computer|Roboter|Maschine|Automaten|Automat|Bot|KI|Bandansage} {reden|sprechen}
    {einen|einem} {echten|richtigen|lebendigen} Menschen
    {echte|richtige|echten|richtigen} Person
    {geben Sie|gib} mir {bitte|mal|} {einen|eine|den|die|Ihren|Ihre} {Menschen|Mitarbeiter|Mitarbeiterin|Vorgesetzten|Chef|Chefin|Person|Kollegen}
    {will|möchte|brauche|hätte gern} {einen|} {Menschen|Mitarbeiter|echten Menschen}
    {Mitarbeiter|Mensch|Berater} bitte
    {ist da|gibt es|kann ich} {jemand|jemanden|einen Menschen} {mit dem ich|sprechen}
    {echte|richtige|echten|richtigen} Menschen
  `,
  uncertainty: `
    {falsch|nicht richtig|völlig falsch|ganz falsch} verstanden
    {hören|hörst} {Sie|du} {überhaupt|eigentlich|mir} {zu|überhaupt zu}
    {verstehen|verstehst} {Sie|du} mich nicht
    {Sie|du} {verstehen|verstehst|hören|hörst} mich {nicht|nicht zu|falsch}
    {das|danach} {habe|hab|hatte} ich {nicht|gar nicht} {gefragt|gesagt|gemeint|gewollt}
    {nicht|das nicht} {das was|was} ich {gefragt|gesagt|gemeint|wollte|will|meine|möchte} {habe|}
    {habe|hab} ich {doch|Ihnen|Ihnen doch|doch schon|schon|bereits|Ihnen schon} {schon|bereits|} gesagt
    {das|es} {ergibt|macht|hat} keinen Sinn
    das ist {falsch|nicht richtig}
    das stimmt {so|} nicht
    {hilft|bringt} mir {nicht|nichts|nicht weiter}
    {schon wieder|immer wieder|immer} {dasselbe|dieselbe Frage|das Gleiche}
    {verstehe|versteh} nicht was Sie {sagen|meinen|wollen}
    Zeitverschwendung
    {das|so} {meinte|meine|wollte|will} ich nicht
  `,
  agentUncertainty: `
    {habe|hab} {Sie|das|dich} {leider|} nicht {verstanden|gehört}
    {kann|können} Ihnen {dabei|da|damit} {leider|} nicht helfen
    {diese|die} Information {habe ich|liegt mir} {leider|} nicht
    {können|könnten} Sie das {bitte|} {wiederholen|noch einmal sagen}
  `,
  agentAlarm: `
    {klingt|hört sich} nach {einem|} {medizinischen|} Notfall
    {klingt|hört sich} nach einem Notfall an
    {das|dies} ist ein {medizinischer|} Notfall
    {legen Sie auf|legen Sie bitte auf} und wählen Sie
  `,
  wholeEmergency: `
    Hilfe
    Hilfe Hilfe
    zu Hilfe
    Feuer
    Notfall
    Polizei
    Krankenwagen
  `,
  wholePerson: `
    Mitarbeiter
    Mensch
    ein Mensch
    Berater
    Kundendienst
    Kundenservice
    Zentrale
    eine Person
  `,
  harmless: `
    {Hähnchenbrust|Hühnerbrust|Feuerwerk|Brennholz}
    {Preise|Kosten|Mieten|Zahlen} {sind|haben|} explodiert
    {lach|lache|lacht} {mich|sich} {tot|kaputt}
    {brenne|brennt|brennen} {darauf|mir|unter den Nägeln}
    {fast|beinahe} {einen|} {Herzinfarkt|Schlaganfall}
    {Notfallkontakt|Notfallnummer|Notaufnahme|Notausgang}
    {Herzinfarkt|Schlaganfall} {gestorben|vorbeugen|Vorsorge}
    {an einem|nach einem|nach dem|an einem} {Herzinfarkt|Schlaganfall}
    {bin ich|ist er|ist sie} {nicht|} {eilig}
    {mein|meine|mein} {Anwalt|Rechtsanwalt|Anwältin} {hat|ist|sagt|meint}
    {Kohlenmonoxid} {Melder|Warner|Sensor}
    {Rettungswagen|Krankenwagen} {fahrer|Fahrer|gefahren}
  `,
  elsewhere: `
    vor {Jahren|Monaten|langer Zeit|zehn Jahren|einem Jahr|zwei Jahren}
    {letztes|voriges|vergangenes} Jahr
    {im Falle|im Fall} {eines|von}
    falls {ein|es einen}
    {Film|Kurs|Übung|Versicherung|Roman} {über|zum|für|gegen|zur}
    {behandeln|versichern} Sie
  `,
  strictNegators: ``,
  negators: `nicht kein keine keinen keinem keiner nie niemals ohne weder`,
  between: `mehr so ein eine einen starken starke starker den die das der mit von zu`,
  negatorsAfter: `nicht`,
  courtesies: `bitte hallo ja ich will möchte brauche einen ein eine den sofort jetzt guten tag`,
};
